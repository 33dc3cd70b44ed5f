/**
 * Ends a container: SIGTERM, then SIGKILL.
 */

import { joinSignals, resolveOnAbort } from '@outboard/async';
import type { Container } from '@outboard/container';

/** Time for a container to end after SIGKILL. */
const killWaitMs = 2_000;

/** Signals of one stop. */
export interface EndContainerOptions {
  /** Stops the wait and the steps after it. */
  readonly signal?: AbortSignal | undefined;
  /** Shortens the grace: SIGKILL follows at once. */
  readonly graceEnd?: AbortSignal | undefined;
}

/**
 * Send SIGTERM, and SIGKILL after the grace. A container that survives both is left to its removal, which kills every
 * process in its cgroup.
 */
export async function endContainer(
  container: Container,
  graceMs: number,
  options: EndContainerOptions = {},
): Promise<void> {
  const { signal, graceEnd } = options;
  await container.kill('SIGTERM');
  if ((await endsWithin(container, graceMs, signal, graceEnd)) || signal?.aborted === true) return;
  await container.kill('SIGKILL');
  await endsWithin(container, killWaitMs, signal);
}

async function endsWithin(
  container: Container,
  timeoutMs: number,
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<boolean> {
  using limit = joinSignals(signals, { timeoutMs });
  return (await resolveOnAbort(container.exited, limit.signal)) !== undefined;
}
