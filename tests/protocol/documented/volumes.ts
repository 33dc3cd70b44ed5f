import { createVolumeDriver, type PluginEngine } from '@outboard/engine';

export async function mountVolume(engine: PluginEngine, plugin: string): Promise<string> {
  const driver = await engine.drivers.find(plugin, 'volumedriver');
  const volumes = createVolumeDriver(driver.client);
  await volumes.create('data', { size: '10G' });
  const mountpoint = await volumes.mount('data', 'my-program');
  return driver.toHostPath(mountpoint); // path on the host
}
