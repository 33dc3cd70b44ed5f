/**
 * The scope of each driver's volumes: one host (`local`) or a cluster (`global`). It is a constant of the driver's program,
 * so each driver is asked once for as long as its client lives.
 */
import type { Cancellable } from '@outboard/async';
import type { PluginClient, VolumeDriver } from '@outboard/protocol';
import type { Volume } from './volumes.ts';

interface AskedDriver {
  readonly plugin: { readonly client: PluginClient };
  readonly calls: Pick<VolumeDriver, 'capabilities'>;
}

/** Scopes, asked on demand. */
export interface DriverScopes {
  /** @throws {OutboardError} when the driver was not asked before and cannot be called */
  of(driver: AskedDriver, options: Cancellable): Promise<Volume['scope']>;
}

/** Start without any known scope. */
export function createDriverScopes(): DriverScopes {
  // A plugin that is enabled again has a new client.
  const scopes = new WeakMap<PluginClient, Volume['scope']>();
  return {
    async of({ plugin, calls }, options) {
      const known = scopes.get(plugin.client);
      if (known !== undefined) return known;
      const { scope } = await calls.capabilities(options);
      scopes.set(plugin.client, scope);
      return scope;
    },
  };
}
