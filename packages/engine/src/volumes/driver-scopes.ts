/**
 * Whether drivers' volumes are those of one host or of many. A driver says so once for as long as it can be called: it is
 * a property of its program.
 */
import type { PluginClient, VolumeDriver } from '@outboard/protocol';
import type { Volume } from './volumes.ts';

interface AskedDriver {
  readonly plugin: { readonly client: PluginClient };
  readonly calls: Pick<VolumeDriver, 'capabilities'>;
}

export interface DriverScopes {
  /** @throws {OutboardError} when the driver cannot be asked, and was not before */
  of(driver: AskedDriver, options: { readonly signal?: AbortSignal }): Promise<Volume['scope']>;
}

export function createDriverScopes(): DriverScopes {
  // A plugin that is enabled anew has another client.
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
