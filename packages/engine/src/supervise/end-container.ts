/**
 * Ends a container: asked first, then killed.
 */

import { joinSignals, resolveOnAbort } from '@outboard/async';
import type { Container } from '@outboard/container';

/** How long a container may take to end after SIGKILL before its cgroup is swept. */
const killWaitMs = 2_000;

/**
 * SIGTERM, after the grace SIGKILL; a container that ends neither way is left to its removal, which sweeps the cgroup.
 * @param options.signal stops the wait, and what would follow it
 * @param options.graceEnd ends the grace before its time
 */
export async function endContainer(
  container: Container,
  graceMs: number,
  options: { readonly signal?: AbortSignal; readonly graceEnd?: AbortSignal } = {},
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
