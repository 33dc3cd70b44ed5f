/**
 * What a plugin's config says that it serves, by Docker's rules of look-up.
 * @see moby daemon/pkg/plugin/v2/plugin.go, FilterByCap; daemon/pkg/plugin/store.go, Handle (28.x)
 */
import type { PluginConfig } from './plugin-config.ts';

/** Docker registers these drivers by the whole type; the look-up of all others ignores the version. */
const boundToVersion: ReadonlySet<string> = new Set(['networkdriver', 'ipamdriver', 'metricscollector']);

/** The schemes of plugins that can be called; any other (such as that of CSI plugins) is a protocol of its own. */
const httpSchemes: ReadonlySet<string> = new Set(['', 'moby.plugins.http/v1']);

/** The bare capabilities (`volumedriver`) that the engine may call a plugin for. Letter case counts. */
export function servedCapabilities(config: Pick<PluginConfig, 'interface'>): readonly string[] {
  const { protocolScheme, types } = config.interface;
  if (!httpSchemes.has(protocolScheme)) return [];
  const served = (types ?? []).filter(
    ({ prefix, capability, version }) =>
      prefix === 'docker' && (version === '1.0' || !boundToVersion.has(capability)),
  );
  return [...new Set(served.map(({ capability }) => capability))];
}
