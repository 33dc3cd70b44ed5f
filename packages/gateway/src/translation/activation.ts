/**
 * The handshake of the plugin protocol, answered from a plugin's config. Docker Engine never asks a managed plugin for it, so that
 * many have none; other consumers ask in each process.
 * @see moby pkg/plugins/plugins.go, Manifest (28.x)
 */

/** Values of `Implements` by capability. Other capabilities, such as those of CSI, have no handshake. */
const interfaces: ReadonlyMap<string, string> = new Map([
  ['volumedriver', 'VolumeDriver'],
  ['networkdriver', 'NetworkDriver'],
  ['ipamdriver', 'IpamDriver'],
  ['authz', 'authz'],
  ['logdriver', 'LogDriver'],
  ['metricscollector', 'MetricsCollector'],
  ['secretprovider', 'secretprovider'],
  ['graphdriver', 'GraphDriver'],
]);

/**
 * The answer to `Plugin.Activate`.
 * @param types of the config, such as `docker.volumedriver/1.0`
 * @returns JSON
 */
export function activationOf(types: readonly string[]): string {
  const known = types.map((type) => interfaces.get(/^docker\.([^./]*)(?:\/|$)/.exec(type)?.[1] ?? ''));
  return JSON.stringify({ Implements: [...new Set(known.filter((name) => name !== undefined))] });
}
