import { createSecretProvider, type PluginEngine } from '@outboard/engine';

export async function fetchSecret(engine: PluginEngine, plugin: string): Promise<Buffer> {
  const driver = await engine.drivers.find(plugin, 'secretprovider');
  const secret = await createSecretProvider(driver.client).getSecret(
    { secretName: 'db-password', serviceName: 'web' },
    { timeoutMs: 5_000, signal: AbortSignal.timeout(60_000) },
  );
  return secret.value;
}
