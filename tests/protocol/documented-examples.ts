/**
 * The examples of docs/plugin-protocols.md. The page quotes these functions word for word, and a test runs them.
 */
import {
  createIpamDriver,
  createLogDriver,
  createNetworkDriver,
  createSecretProvider,
  createVolumeDriver,
  endpointOptions,
  openLogStream,
  type PluginEngine,
} from '@outboard/engine';

export async function mountVolume(engine: PluginEngine, plugin: string): Promise<string> {
  const driver = await engine.drivers.find(plugin, 'volumedriver');
  const volumes = createVolumeDriver(driver.client);
  await volumes.create('data', { size: '10G' });
  const mountpoint = await volumes.mount('data', 'my-program');
  return driver.toHostPath(mountpoint); // where the host sees it
}

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

export async function keepLog(engine: PluginEngine, plugin: string): Promise<string[]> {
  const driver = await engine.drivers.find(plugin, 'logdriver');
  const container = { id: 'c0ffee', name: '/web' };
  const stream = await openLogStream(driver, container);
  const timeNano = BigInt(Date.now()) * 1_000_000n;
  await stream.write({ source: 'stdout', timeNano, line: Buffer.from('ready\n'), partial: false });
  await stream.close();

  const lines: string[] = [];
  for await (const entry of createLogDriver(driver.client).readLogs(container, { tail: 100 })) {
    lines.push(Buffer.from(entry.line).toString());
  }
  return lines;
}

export async function fetchSecret(engine: PluginEngine, plugin: string): Promise<Buffer> {
  const driver = await engine.drivers.find(plugin, 'secretprovider');
  const secret = await createSecretProvider(driver.client).getSecret(
    { secretName: 'db-password', serviceName: 'web' },
    { timeoutMs: 5_000, signal: AbortSignal.timeout(60_000) },
  );
  return secret.value;
}
