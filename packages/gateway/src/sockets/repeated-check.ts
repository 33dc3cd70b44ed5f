/**
 * Runs a check after changes, one at a time, and now and then without one.
 */

/** Delay after a change, so that a deletion of many files ends first. */
const settleMs = 100;

/** Interval of checks without a change: mounts cause none, and the system may have no inotify watch left. */
const checkMs = 5_000;

/** Checks that go on until they are ended. */
export interface RepeatedCheck {
  /** Check soon. */
  schedule(): void;
  /** Check no more, and wait for a running check. */
  end(): Promise<void>;
}

/**
 * Run a check after each call of `schedule`, and every few seconds. Does not keep this process alive.
 * @param onError receives its error; the next check runs all the same
 */
export function repeatCheck(check: () => Promise<void>, onError: (error: unknown) => void): RepeatedCheck {
  let timer: NodeJS.Timeout | undefined;
  let dueAt = 0;
  let isEnded = false;
  let checking: Promise<void> | undefined;
  let isChanged = false;

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
  return {
    schedule: () => schedule(settleMs),
    async end() {
      isEnded = true;
      clearTimeout(timer);
      await checking;
    },
  };
}
