/**
 * `npm run load`: a daemon with many plugins under the requests of many clients; or, with `--scale`, the cost of each
 * operation by the number of plugins.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cleanUp, exitAfterError, interruptible } from '../interruption.ts';
import { MeasuredEngine, outboard, removeGroups } from '../measured-engine.ts';
import { memoryDirectory } from '../memory-directory.ts';
import { removeAll } from '../plugin-work.ts';
import { findLeftovers, readFacts, sampleMemory } from './engine-facts.ts';
import { LoadClient } from './load-client.ts';
import { runMixedLoad } from './mixed-load.ts';
import { makeLightContext, pluginName, requests } from './operations.ts';
import { measureScale } from './scale.ts';
import { formatLoad, formatScale, summariseLoad } from './tables.ts';

const usage = `usage: npm run load -- [--plugins 1000] [--enabled 100] [--clients 64] [--seconds 60] [--minutes N] [--pause 500]
                       [--json FILE]
       npm run load -- --scale [--json FILE]

  --plugins N   plugins that are installed
  --enabled N   of these, how many run
  --clients N   clients at once
  --seconds N   duration of the load, or in minutes by --minutes
  --pause MS    mean pause of a client between two operations
  --scale       measure each operation, alone, with 10, 100 and 1,000 plugins
  --json FILE   also write all figures to FILE`;

/** Nice value of the clients' thread under load. */
const clientNice = -10;

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      ...{
        plugins: text,
        enabled: text,
        clients: text,
        seconds: text,
        minutes: text,
        pause: text,
        json: text,
      },
      scale: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return console.log(usage);
  const count = (
    name: 'plugins' | 'enabled' | 'clients' | 'seconds' | 'minutes' | 'pause',
    otherwise: number,
  ) => {
    const number = Number(values[name] ?? otherwise);
    if (!Number.isInteger(number) || number < 0)
      throw new Error(`--${name} ${values[name]}: want a whole number`);
    return number;
  };
  if (process.getuid?.() !== 0) throw new Error('the load starts containers: run it as root');
  const parameters = {
    plugins: count('plugins', 1000),
    enabled: count('enabled', 100),
    clients: count('clients', 64),
    seconds: values.minutes === undefined ? count('seconds', 60) : count('minutes', 0) * 60,
    pauseMs: count('pause', 500),
  };
  const root = await mkdtemp(join(await memoryDirectory(), 'outboard-load-'));
  try {
    const context = await makeLightContext(join(root, 'context'));
    const result =
      values.scale === true
        ? await interruptible((signal) => measureScale(root, context, signal))
        : await interruptible((signal) => measureLoad(root, context, parameters, signal));
    console.log('operations' in result ? formatLoad(result) : formatScale(result));
    if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`);
    if ('errors' in result && result.errors.length > 0) process.exitCode = 1;
  } finally {
    await cleanUp(async () => {
      await MeasuredEngine.stopAll();
      await removeGroups(root, [outboard]);
      await rm(root, { recursive: true, force: true });
    });
  }
}

interface LoadParameters {
  readonly plugins: number;
  readonly enabled: number;
  readonly clients: number;
  readonly seconds: number;
  readonly pauseMs: number;
}

/** Duration of the load before the measurement, in seconds: pools and caches fill for some minutes. */
function warmUpSeconds(seconds: number): number {
  return Math.min(180, Math.max(Math.min(20, seconds), seconds * 0.3));
}

async function measureLoad(root: string, context: Buffer, parameters: LoadParameters, signal: AbortSignal) {
  const directory = join(root, 'outboard');
  const engine = await MeasuredEngine.start(outboard, directory, '127.0.0.1:1');
  const socketPath = join(directory, 'api.sock');
  const client = new LoadClient(socketPath, signal);
  const { pid } = engine.process;
  if (pid === undefined) throw new Error('the daemon has no process');
  try {
    console.error(`creating ${parameters.plugins} plugins, and enabling ${parameters.enabled} …`);
    await fill(client, context, parameters);
    const load = { ...parameters, socketPath, context, signal };
    // The first requests of each kind load and compile code, and fill pools.
    const warmUp = warmUpSeconds(parameters.seconds);
    console.error(`warming up for ${warmUp} s …`);
    // As that of the daemon: otherwise the clients wait for a processor, and it looks as if the daemon had been slow.
    setPriority(clientNice);
    await runMixedLoad({ ...load, seconds: warmUp });
    const before = await readFacts(pid);
    console.error(`${parameters.clients} clients for ${parameters.seconds} s …`);
    const processorBefore = await engine.processor.read();
    const memory = sampleMemory(pid);
    const results = await runMixedLoad(load);
    const memorySamples = memory.stop();
    setPriority(0);
    const processorMs = (await engine.processor.read()) - processorBefore;
    const after = await readFacts(pid);
    console.error('removing the plugins …');
    await removeAll(engine.api);
    client.close();
    await engine.stop();
    const left = await findLeftovers(directory);
    return summariseLoad(parameters, { ...results, before, after, memorySamples, processorMs, left });
  } finally {
    client.close();
  }
}

async function fill(
  client: LoadClient,
  context: Buffer,
  { plugins, enabled }: LoadParameters,
): Promise<void> {
  for (let index = 0; index < plugins; index++) {
    await client.require(requests.create(pluginName(index), context));
    if (index < enabled) await client.require(requests.enable(pluginName(index)));
  }
}

main().catch(exitAfterError);
