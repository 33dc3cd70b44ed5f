import { createLogDriver, openLogStream, type PluginEngine } from '@outboard/engine';

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
