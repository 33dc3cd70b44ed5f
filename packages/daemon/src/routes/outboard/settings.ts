/**
 * `POST /outboard/v1/plugins/{name}/settings`: settings with sources of values, and which of them are secret. Docker's
 * route of settings takes literal values only.
 */
import type { PluginEngine } from '@outboard/engine';
import { codec } from '@outboard/oci';
import { readJsonBody } from '../../http/json-body.ts';
import { emptyReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';
import { refuseHiddenValues, refuseNul } from '../../plugin-list/refused-values.ts';

const texts = codec.listOrEmpty(codec.text);

const bodyCodec = codec.object({
  /** `NAME[.FIELD]=VALUE`, where a value may be a source such as `@file:/run/secrets/x`. */
  settings: codec.field('Settings', texts),
  /** Names of settings that are secret. */
  secret: codec.optionalField('Secret', texts),
  /** Names of settings that are not, whatever their author or the daemon's patterns say. */
  notSecret: codec.optionalField('NotSecret', texts),
});

/** Changes settings, all that the body names or none. */
export function settingsRoute(
  engine: Pick<PluginEngine, 'set' | 'inspect'>,
  secretPatterns?: readonly string[],
): Route {
  return {
    method: 'POST',
    path: '/outboard/v1/plugins/{name}/settings',
    async handle({ name, body }) {
      const { settings, ...declarations } = await readJsonBody(body, bodyCodec);
      refuseNul(settings);
      refuseHiddenValues(engine, name, settings, secretPatterns);
      await engine.set(name, settings, { ...declarations, readsSources: true });
      return emptyReply(204);
    },
  };
}
