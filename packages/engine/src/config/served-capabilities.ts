/**
 * The capabilities that a plugin serves, by Docker's rules of look-up.
 * @see moby daemon/pkg/plugin/v2/plugin.go, FilterByCap; daemon/pkg/plugin/store.go, Handle (28.x)
 */
import type { PluginConfig } from './plugin-config.ts';

/** Docker looks these drivers up by the whole type, and all others without the version. */
export const boundToVersion: ReadonlySet<string> = new Set([
  'networkdriver',
  'ipamdriver',
  'metricscollector',
]);

/** Protocol schemes that the engine speaks. Others, such as that of CSI plugins, are other protocols. */
export const httpSchemes: ReadonlySet<string> = new Set(['', 'moby.plugins.http/v1']);

/** List the capabilities without prefix and version, such as `volumedriver`, that the engine may use. Case-sensitive. */
export function servedCapabilities(config: Pick<PluginConfig, 'interface'>): readonly string[] {
  const { protocolScheme, types } = config.interface;
  if (!httpSchemes.has(protocolScheme)) return [];
  const served = (types ?? []).filter(
    ({ prefix, capability, version }) =>
      prefix === 'docker' && (version === '1.0' || !boundToVersion.has(capability)),
  );
  return [...new Set(served.map(({ capability }) => capability))];
}
