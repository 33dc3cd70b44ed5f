/**
 * `GET /outboard/v1/plugins/{name}/wait`: waits until a plugin is ready, or for a time limit.
 */
import { joinSignals } from '@outboard/async';
import type { PluginEngine } from '@outboard/engine';
import { parseSeconds } from '../../http/parameters.ts';
import { jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/** The parameter `timeout` is in seconds; 0 or absent waits until the client disconnects. */
export function waitRoute({
  inspect,
  state,
  untilReady,
  serving,
}: Pick<PluginEngine, 'inspect' | 'serving' | 'state' | 'untilReady'>): Route {
  return {
    method: 'GET',
    path: '/outboard/v1/plugins/{name}/wait',
    async handle({ name, query, signal }) {
      const seconds = parseSeconds(query.get('timeout'));
      // By ID, since another plugin may get the name meanwhile.
      const { id } = inspect(name);
      const isReady = await within(seconds, signal, async (limit) => {
        await untilReady(id, { signal: limit });
        // Volumes that are held are mounted again by then: a container that starts next finds them.
        await serving.ready(id, { signal: limit });
      });
      const now = state(id);
      const Reason = 'reason' in now ? now.reason : '';
      return jsonReply(200, { Ready: isReady, Status: now.status, Reason });
    },
  };
}

/** Wait with a time limit. @returns false after the limit. @throws the errors of the wait, and the reason of the signal */
async function within(
  seconds: number,
  signal: AbortSignal,
  wait: (limit: AbortSignal) => Promise<void>,
): Promise<boolean> {
  using limit = joinSignals([signal], { timeoutMs: seconds === 0 ? undefined : seconds * 1000 });
  try {
    await wait(limit.signal);
    return true;
  } catch (error) {
    if (signal.aborted || !limit.signal.aborted) throw error;
    return false;
  }
}
