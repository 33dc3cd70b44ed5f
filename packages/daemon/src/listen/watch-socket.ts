/**
 * Notices when a socket that this process listens on is deleted, with or without the directories above it: a cleaner of
 * temporary files, or a hasty administrator. Clients could not reach the process any more, and nothing else would show it.
 */
import { lstat } from 'node:fs/promises';
import { watchPath } from './watch-path.ts';

/** Lets a deletion of many files come to its end first. */
const settleMs = 100;

/** A mount over the way gives no event, nor does anything where the system's watches are used up. */
const lookMs = 5_000;

export interface SocketLoss {
  /**
   * The socket is not there any more, or another file is. Called again at each change and every few seconds until there is
   * one, and after it has rejected.
   */
  readonly onLost: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/**
 * Keep watch over a socket that lies there now; `onLost` may put another one in its place. Does not keep this process
 * alive.
 * @returns ends the watch, and waits for what is being done about a loss
 */
export async function watchSocket(
  path: string,
  { onLost, onError }: SocketLoss,
): Promise<() => Promise<void>> {
  let timer: NodeJS.Timeout | undefined;
  let dueAt = 0;
  let isEnded = false;
  let looking: Promise<void> | undefined;
  let isChanged = false;
  const way = watchPath(path, () => schedule(settleMs));
  way.renew();
  let own = await identify(path);

  async function look(): Promise<void> {
    // First, so that what happens during the look is not missed.
    way.renew();
    const found = await identify(path);
    if (isEnded || (found !== undefined && found === own)) return;
    await onLost();
    // Deleted again already: an event has told that, and the next look finds nothing.
    own = await identify(path);
  }

  function schedule(ms: number): void {
    if (isEnded) return;
    if (looking !== undefined) {
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
    looking = look()
      .catch(onError)
      .finally(() => {
        looking = undefined;
        schedule(isChanged ? settleMs : lookMs);
      });
  }

  schedule(lookMs);
  return async () => {
    isEnded = true;
    clearTimeout(timer);
    way.close();
    await looking;
    way.close();
  };
}

/** Two files have the same only while one of them is gone for good; one that is listened on is not. */
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
