/**
 * `GET /outboard/v1/plugins/{name}/preflight`: checks whether a plugin can be enabled on this host.
 */
import type { PluginEngine } from '@outboard/engine';
import { jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/** Returns the findings; fatal ones would fail an enable. */
export function preflightRoute(engine: Pick<PluginEngine, 'preflight'>): Route {
  return {
    method: 'GET',
    path: '/outboard/v1/plugins/{name}/preflight',
    async handle({ name }) {
      const findings = await engine.preflight(name);
      return jsonReply(200, {
        Findings: findings.map(({ what, why, remedy, isFatal }) => ({
          What: what,
          Why: why,
          Remedy: remedy,
          Fatal: isFatal,
        })),
      });
    },
  };
}
