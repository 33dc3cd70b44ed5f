/**
 * Runs in the virtual machine of `npm run test:host`, once in each boot: checks what the last power cut left on the disk, and
 * performs the next operation until the power is cut.
 *
 * usage: node power-cut.mjs DISK JOB, with JOB as JSON, see `Job`
 *
 * Its output is one line of JSON for each step: `{ checked }`, `{ begun }` with the state before the operation, after which
 * it waits for a line on its standard input, and `{ answered }`.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import {
  checkInterrupted,
  interruptedArchive,
  interruptedOperations,
  lookAtInterrupted,
  pushVersions,
} from '../support/interrupted-operations.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { startRegistry } from '../support/registry.ts';
import { untilOnlyPluginsRun, untilPluginAccepts } from '../support/running-plugins.ts';

interface Job {
  readonly round: number;
  /** The operation that was cut off; absent at the first boot. */
  readonly cut?: {
    readonly operation: string;
    /** State before it, as told. */
    readonly from: unknown;
    /** Present if it was answered before the cut. */
    readonly isAnswered: boolean;
  };
  /** The operation to perform; absent in a boot that only checks. */
  readonly next?: string;
}

const home = '/run/outboard-cut';
const bystander = 'bystander:latest';

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The data root is on the disk, all else on the tmpfs of /run, as on real hosts. */
function mountDisk(disk: string): { readonly registry: string } {
  const mounted = '/run/outboard-disk';
  for (const directory of [mounted, join(home, 'data')]) mkdirSync(directory, { recursive: true });
  execFileSync('mount', [disk, mounted]);
  const data = join(mounted, 'data');
  mkdirSync(data, { recursive: true });
  execFileSync('mount', ['--bind', data, join(home, 'data')]);
  return { registry: join(mounted, 'registry') };
}

async function checkCut(daemon: TestDaemon, { operation, from, isAnswered }: NonNullable<Job['cut']>) {
  const content = lookAtInterrupted(daemon.dataRoot);
  checkInterrupted(content);
  const running = content.plugins.filter(({ enabled }) => enabled);
  assert.ok(
    running.some(({ name }) => name === bystander),
    'the plugin that nobody touched is not there, or not enabled',
  );
  const runningIds = running.map(({ id }) => id);
  for (const id of runningIds) await untilPluginAccepts(daemon.execRoot, id);
  const ids = content.plugins.map(({ id }) => id);
  const { execRoot, pid } = daemon;
  // The data root is a mount itself.
  await untilOnlyPluginsRun({ home: execRoot, execRoot, daemons: [pid], ids }, runningIds);
  const place = { api: pluginApi(daemon.socket), registry: '' };
  const { read } = interruptedOperations(place)[operation] ?? assert.fail(`no operation ${operation}`);
  const to = JSON.stringify(read(content.plugin));
  if (isAnswered) assert.notEqual(to, JSON.stringify(from), 'it was acknowledged, and is not there');
  return to !== JSON.stringify(from) ? 'new' : 'old';
}

async function main(disk: string, job: Job): Promise<void> {
  const places = mountDisk(disk);
  const registry = await startRegistry({ directory: places.registry });
  const daemon = await startDaemon({ home });
  const api = pluginApi(daemon.socket);
  const place = { api, registry: registry.host };
  try {
    if (job.cut === undefined) {
      await pushVersions(place);
      await api.create(bystander, interruptedArchive('v1'));
      await api.enable(bystander);
    } else {
      say({ checked: await checkCut(daemon, job.cut) });
    }
    if (job.next === undefined) return;
    const operation = interruptedOperations(place)[job.next] ?? assert.fail(`no operation ${job.next}`);
    await operation.prepare(lookAtInterrupted(daemon.dataRoot).plugin, job.round);
    const { plugin } = lookAtInterrupted(daemon.dataRoot);
    execFileSync('sync');
    say({ begun: { from: operation.read(plugin) ?? null } });
    await once(createInterface({ input: process.stdin }), 'line');
    await operation.run(plugin, job.round);
    say({ answered: true });
    // The power is cut now.
    await once(process, 'SIGTERM');
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${daemon.log()}`, { cause: error });
  }
}

const [disk = '', job = ''] = process.argv.slice(2);
try {
  await main(disk, JSON.parse(job));
  process.exit(0);
} catch (error) {
  say({ failed: error instanceof Error ? error.message : String(error) });
  process.exit(1);
}
