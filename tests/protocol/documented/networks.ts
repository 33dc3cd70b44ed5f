import { createIpamDriver, createNetworkDriver, endpointOptions, type PluginEngine } from '@outboard/engine';

export async function connectContainer(engine: PluginEngine, plugin: string, sandboxKey: string) {
  const ipam = createIpamDriver((await engine.drivers.find(plugin, 'ipamdriver')).client);
  const network = createNetworkDriver((await engine.drivers.find(plugin, 'networkdriver')).client);
  const { local } = await ipam.defaultAddressSpaces();
  const { poolId, pool } = await ipam.requestPool({ addressSpace: local });
  const ipv4 = [{ addressSpace: local, pool }];
  await network.createNetwork({ networkId: 'blue', options: {}, ipv4, ipv6: [] });

  const { address } = await ipam.requestAddress({ poolId });
  const endpoint = { networkId: 'blue', endpointId: 'web' };
  const options = endpointOptions({ exposedPorts: [{ protocol: 'tcp', port: 80 }] });
  await network.createEndpoint({ ...endpoint, addresses: { address }, options });
  return network.join({ ...endpoint, sandboxKey, options: {} });
}
