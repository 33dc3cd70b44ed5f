/**
 * A plugin of two layers in a registry, for tests of pulls.
 */
import type { OperationFixture } from './operation-fixture.ts';
import { type PublishedPlugin, publishPlugin } from './published-plugin.ts';

/** Its reference. */
export const remote = 'registry.test/acme/plugin:v1';
/** Files of its layers. */
export const layers = [{ first: 'one' }, { second: 'two' }];

/** Publish it. @param config fields of its `config.json` beside the default ones */
export function publish(fixture: OperationFixture, config?: object): PublishedPlugin {
  return publishPlugin(fixture.remote.repository('acme/plugin'), 'v1', { layers, config });
}
