/**
 * Detects that a socket of this process was deleted, with or without its parent directories, for example by a cleaner of
 * temporary files. Clients cannot connect any more then, and nothing else reports it.
 */
import { identifyFile, repeatCheck, watchPath } from '@outboard/gateway';

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
  let isEnded = false;
  const watch = watchPath(path, () => repeated.schedule());
  const repeated = repeatCheck(check, onError);
  watch.renew();
  let own = await identifyFile(path);

  async function check(): Promise<void> {
    // First, so that no change during the check is missed.
    watch.renew();
    const found = await identifyFile(path);
    if (isEnded || (found !== undefined && found === own)) return;
    await onLost();
    // If it was deleted again meanwhile, an event has scheduled the next check.
    own = await identifyFile(path);
  }

  return async () => {
    isEnded = true;
    watch.close();
    await repeated.end();
    watch.close();
  };
}
