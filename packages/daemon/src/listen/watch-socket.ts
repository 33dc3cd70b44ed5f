/**
 * Detects that a socket of this process was deleted, with or without its parent directories, for example by a cleaner of
 * temporary files. Clients cannot connect any more then, and nothing else reports it.
 */
import { lstat } from 'node:fs/promises';
import { watchPath } from './watch-path.ts';

/** Delay after an event, so that a deletion of many files ends first. */
const settleMs = 100;

/** Interval of checks without an event: mounts cause none, and the system may have no inotify watch left. */
const checkMs = 5_000;

/** Handlers of a deletion. */
export interface SocketLoss {
  /**
   * The socket is missing, or another file has its path. Called again after every change and every few seconds until a
   * socket exists, also after it rejected.
   */
  readonly onLost: () => Promise<void>;
  /** Receives the error of `onLost` or of a check. */
  readonly onError: (error: unknown) => void;
}

/**
 * Watch an existing socket; `onLost` may create another one at its path. Does not keep this process alive.
 * @returns stops watching, and waits for a running `onLost`
 */
export async function watchSocket(
  path: string,
  { onLost, onError }: SocketLoss,
): Promise<() => Promise<void>> {
  let timer: NodeJS.Timeout | undefined;
  let dueAt = 0;
  let isEnded = false;
  let checking: Promise<void> | undefined;
  let isChanged = false;
  const watch = watchPath(path, () => schedule(settleMs));
  watch.renew();
  let own = await identify(path);

  async function check(): Promise<void> {
    // First, so that no change during the check is missed.
    watch.renew();
    const found = await identify(path);
    if (isEnded || (found !== undefined && found === own)) return;
    await onLost();
    // If it was deleted again meanwhile, an event has scheduled the next check.
    own = await identify(path);
  }

  function schedule(ms: number): void {
    if (isEnded) return;
    if (checking !== undefined) {
      isChanged = true;
      return;
    }
    const at = performance.now() + ms;
    if (timer !== undefined && dueAt <= at) return;
    clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(run, ms).unref();
  }

  function run(): void {
    timer = undefined;
    isChanged = false;
    checking = check()
      .catch(onError)
      .finally(() => {
        checking = undefined;
        schedule(isChanged ? settleMs : checkMs);
      });
  }

  schedule(checkMs);
  return async () => {
    isEnded = true;
    clearTimeout(timer);
    watch.close();
    await checking;
    watch.close();
  };
}

/** Device and inode number. They are not reused while this process listens on the socket. */
async function identify(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await lstat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
