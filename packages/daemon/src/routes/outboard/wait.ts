/**
 * `GET /outboard/v1/plugins/{name}/wait`: answers when a plugin is ready, or when the time is up.
 */
import { joinSignals } from '@outboard/async';
import type { PluginEngine } from '@outboard/engine';
import { parseSeconds } from '../../http/parameters.ts';
import { jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/** Query: `timeout` in seconds; 0 or absent waits until the client leaves. */
export function waitRoute({
  inspect,
  state,
  untilReady,
}: Pick<PluginEngine, 'inspect' | 'state' | 'untilReady'>): Route {
  return {
    method: 'GET',
    path: '/outboard/v1/plugins/{name}/wait',
    async handle({ name, query, signal }) {
      const seconds = parseSeconds(query.get('timeout'));
      // What was asked for stays the same plugin, should its name go to another meanwhile.
      const { id } = inspect(name);
      const isReady = await within(seconds, signal, (limit) => untilReady(id, { signal: limit }));
      const now = state(id);
      const Reason = 'reason' in now ? now.reason : '';
      return jsonReply(200, { Ready: isReady, Status: now.status, Reason });
    },
  };
}

/** @returns whether it was done in time. @throws what it throws, and the signal's reason */
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
