/**
 * Work that many callers ask for at once, such as reading the state of the host for each of them.
 */

/**
 * Let callers share runs. A caller who comes during a run gets the result of the next one, which all who come until then
 * share: no result is older than its call, and no two runs are under way at once.
 */
export function shareRuns<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | undefined;
  let next: Promise<Result> | undefined;
  const begin = (): Promise<Result> => {
    next = undefined;
    const run = work().finally(() => {
      if (running === run) running = undefined;
    });
    running = run;
    return run;
  };
  return () => {
    // Asked first: between the end of a run and the begin of the next one there is a moment in which none runs.
    if (next !== undefined) return next;
    if (running === undefined) return begin();
    next = running.then(begin, begin);
    return next;
  };
}
