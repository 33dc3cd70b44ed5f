/**
 * Runs in the virtual machine of `npm run test:host`: performs operations on a disk whose requests are recorded, or checks
 * what a power cut left on a disk.
 *
 * usage: node power-cut.mjs DISK JOB, with JOB as JSON, see `Job`
 *
 * Its output is one line of JSON for each step: `{ begun }` with an operation and the state before it, and `{ answered }`,
 * after each of which it waits for a line on its standard input; `{ checked }`; `{ failed }`.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import {
  checkInterrupted,
  type InterruptedPlace,
  interruptedArchive,
  interruptedOperations,
  lookAtInterrupted,
  pushVersions,
} from '../support/interrupted-operations.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { startRegistry } from '../support/registry.ts';
import { untilOnlyPluginsRun, untilPluginAccepts } from '../support/running-plugins.ts';

interface Job {
  /** Operations to perform, on an empty disk. */
  readonly operations?: readonly string[];
  /** The operation that was cut off, whose remains are to be checked. */
  readonly cut?: {
    readonly operation: string;
    /** State before it, as told. */
    readonly from: unknown;
    /** It was answered before the cut. */
    readonly isAnswered: boolean;
  };
}

const home = '/run/outboard-cut';
const bystander = 'bystander:latest';

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The data root is on the disk, all else on the tmpfs of /run, as on real hosts. */
function mountDisk(disk: string): AsyncDisposable & { readonly registry: string } {
  const [mounted, dataRoot] = ['/run/outboard-disk', join(home, 'data')];
  for (const directory of [mounted, dataRoot]) mkdirSync(directory, { recursive: true });
  execFileSync('mount', [disk, mounted]);
  const data = join(mounted, 'data');
  mkdirSync(data, { recursive: true });
  execFileSync('mount', ['--bind', data, dataRoot]);
  return {
    registry: join(mounted, 'registry'),
    async [Symbol.asyncDispose]() {
      for (const path of [dataRoot, mounted]) execFileSync('umount', [path]);
      // As after a boot.
      rmSync(home, { recursive: true });
    },
  };
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

/** Perform operations, one after the other. */
async function performAll(
  daemon: TestDaemon,
  place: InterruptedPlace,
  names: readonly string[],
): Promise<void> {
  const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  await pushVersions(place);
  await place.api.create(bystander, interruptedArchive('v1'));
  await place.api.enable(bystander);
  for (const [round, name] of names.entries()) {
    const operation = interruptedOperations(place)[name] ?? assert.fail(`no operation ${name}`);
    await operation.prepare(lookAtInterrupted(daemon.dataRoot).plugin, round);
    const { plugin } = lookAtInterrupted(daemon.dataRoot);
    execFileSync('sync');
    say({ begun: { operation: name, from: operation.read(plugin) ?? null } });
    await input.next();
    await operation.run(plugin, round);
    say({ answered: true });
    await input.next();
  }
}

async function main(disk: string, { operations = [], cut }: Job): Promise<void> {
  await using mounted = mountDisk(disk);
  // Its end is that of its plugins, so that the next disk finds none.
  const daemon = await startDaemon({ home, args: ['--no-live-restore'] });
  try {
    if (cut === undefined) {
      const registry = await startRegistry({ directory: mounted.registry });
      await performAll(daemon, { api: pluginApi(daemon.socket), registry: registry.host }, operations);
      await registry.stop();
    } else {
      say({ checked: await checkCut(daemon, cut) });
    }
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${daemon.log()}`, { cause: error });
  } finally {
    await daemon.end('SIGTERM');
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
