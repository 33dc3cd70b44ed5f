/**
 * Ending on signals. A plugin is the first process of its container, for which the kernel ignores signals that have
 * no handler: without one, SIGTERM would do nothing and the host would kill the plugin ten seconds later.
 */

/**
 * Call `stop` whenever one of the signals comes.
 *
 * @returns takes the handlers away again
 */
export function onStopSignals(signals: readonly NodeJS.Signals[], stop: () => void): () => void {
  for (const signal of signals) process.on(signal, stop);
  return () => {
    for (const signal of signals) process.off(signal, stop);
  };
}
