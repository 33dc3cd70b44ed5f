/**
 * Ends a container: asked first, then killed.
 */
import type { Container } from '../runtime/container.ts';
import { untilAborted } from './abortable.ts';

/** How long a container may take to end after SIGKILL before its cgroup is swept. */
const killWaitMs = 2_000;

/**
 * SIGTERM, after the grace SIGKILL; a container that ends neither way is left to its removal, which sweeps the cgroup.
 * @param signal stops the wait, and what would follow it
 */
export async function endContainer(
  container: Container,
  graceMs: number,
  signal?: AbortSignal,
): Promise<void> {
  await container.kill('SIGTERM');
  if ((await endsWithin(container, graceMs, signal)) || signal?.aborted === true) return;
  await container.kill('SIGKILL');
  await endsWithin(container, killWaitMs, signal);
}

async function endsWithin(container: Container, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
  const scope = new AbortController();
  const stop = (): void => scope.abort();
  signal?.addEventListener('abort', stop);
  if (signal?.aborted === true) stop();
  // A timer of our own, since that of AbortSignal.timeout would not keep a waiting program alive.
  const timer = setTimeout(stop, timeoutMs);
  try {
    return (await untilAborted(container.exited, scope.signal)) !== undefined;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}
