/**
 * `GET /plugins/{name}/json`
 */
import type { Consumer, PluginEngine } from '@outboard/engine';
import { HttpError } from '../../http/errors.ts';
import { isTrue } from '../../http/parameters.ts';
import { encodedJsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';
import { toDamagedPlugin } from '../../plugin-list/damaged-plugins.ts';
import type { PluginEncoder } from '../../plugin-list/plugin-encoder.ts';

/**
 * Describes a plugin, also a damaged one. Values of secret settings are `***`, unless root asks for them with
 * `secrets=1` on a unix socket. Docker shows every value to every client.
 */
export function inspectRoute(
  engine: Pick<PluginEngine, 'inspect' | 'inspectDamaged'>,
  encoder: PluginEncoder,
): Route {
  return {
    method: 'GET',
    path: '/plugins/{name}/json',
    handle({ name, query, consumer }) {
      const showsSecrets = isTrue(query.get('secrets'));
      if (showsSecrets) requireRoot(consumer());
      const damaged = engine.inspectDamaged(name);
      const plugin = damaged === undefined ? engine.inspect(name) : toDamagedPlugin(damaged);
      return encodedJsonReply(200, showsSecrets ? encoder.withSecrets(plugin) : encoder.one(plugin));
    },
  };
}

/** A client without a user ID came by TCP. */
function requireRoot({ uid }: Consumer): void {
  if (uid === 0) return;
  throw new HttpError(403, 'secrets are shown to root on a unix socket of the daemon only');
}
