/**
 * After any sequence of operations and events, also concurrent ones, removing the plugins restores the host.
 * `OUTBOARD_SEED` repeats a sequence, though not the interleaving of concurrent operations; `OUTBOARD_OPERATIONS` sets
 * its length.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { callApi, makeDaemonHome, type TestDaemon } from '../support/daemon.ts';
import { checkDataRoot } from '../support/data-root.ts';
import { assertHostUnchanged, snapshotHost } from '../support/host-snapshot.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPluginArchive } from '../support/perl-plugin.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { startRegistry } from '../support/registry.ts';
import { chooseSeed, seededRandom } from '../support/seeded-random.ts';
import { slowed } from '../support/slowness.ts';
import { listCommands, type OperationPlace, startPlaceDaemon } from './perform-operation.ts';
import { chooseOperation, volumeNames } from './random-operations.ts';

const seed = chooseSeed();
const operationCount = Number(process.env.OUTBOARD_OPERATIONS ?? 200);
const maxAtATime = 4;
/** Directories of the home that are compared file by file. */
const entries = ['data', 'run', 'tmp'];

test(`after ${operationCount} random operations and the removal of all plugins, the host is unchanged`, {
  skip: needsRoot,
}, async (context) => {
  context.diagnostic(`seed ${seed}`);
  const { home, remove } = await makeDaemonHome();
  mkdirSync(join(home, 'tmp'));
  const registry = await startRegistry();
  const daemon = await startPlaceDaemon(home);
  const place: OperationPlace = { home, registry: registry.host, daemon };
  const history: string[] = [];
  const ids = new Set<string>();
  try {
    await fillRegistry(place);
    const openBefore = openFiles(place.daemon);
    await place.daemon.end('SIGTERM');
    const before = snapshotHost(home, { entries });
    place.daemon = await startPlaceDaemon(home);
    await performAll(place, history, ids);
    await removeAll(place);
    await untilReaped(place.daemon);
    assert.deepEqual(
      withoutEach(openFiles(place.daemon), openBefore),
      [],
      'files that the daemon holds open',
    );
    assert.equal(await place.daemon.end('SIGTERM'), 0);
    const { plugins, blobs } = checkDataRoot(place.daemon.dataRoot);
    assert.deepEqual({ plugins, blobs }, { plugins: [], blobs: [] });
    assertHostUnchanged(before, { entries, plugins: [...ids] });
  } catch (error) {
    // The last lines of its log may not be here yet.
    await place.daemon.end('SIGTERM');
    const log = place.daemon.log();
    await tidyUp(place);
    const reason = error instanceof Error ? error.message : error;
    throw new Error(`seed ${seed}: ${reason}\n${history.join('\n')}\nlog of the last daemon:\n${log}`, {
      cause: error,
    });
  } finally {
    await place.daemon.end('SIGTERM');
    await registry.stop();
    await remove();
  }
});

/** Push two versions, after each has run once. */
async function fillRegistry({ daemon, registry }: OperationPlace): Promise<void> {
  const api = pluginApi(daemon.socket);
  for (const version of ['v1', 'v2']) {
    const name = `${registry}/acme/p:${version}`;
    await api.create(name, perlPluginArchive('plain', { Description: version }));
    await api.enable(name);
    await api.disable(name);
    await api.push(name);
    await api.remove(name);
  }
}

/** @param history receives a line for each operation @param ids receives the IDs of all plugins */
async function performAll(place: OperationPlace, history: string[], ids: Set<string>): Promise<void> {
  const random = seededRandom(seed);
  const commands = await listCommands();
  while (history.length < operationCount) {
    const count = Math.min(1 + Math.floor(random() * maxAtATime), operationCount - history.length);
    const chosen = Array.from({ length: count }, () => chooseOperation(random, commands));
    const outcomes = await Promise.all(chosen.map(({ perform }) => perform(place)));
    for (const [index, { told }] of chosen.entries()) {
      const { status = 'no answer', text = '' } = outcomes[index] ?? {};
      history.push(`${told}: ${status} ${text.trim().slice(-200)}`);
    }
    const hasEnded = !existsSync(`/proc/${place.daemon.pid}`);
    const isToEnd = chosen.some(({ endsDaemon }) => endsDaemon);
    assert.equal(hasEnded, isToEnd, 'whether the daemon has ended, other than it was told to');
    for (const [index, { told, mayBeCut }] of chosen.entries()) {
      const { status, text = '' } = outcomes[index] ?? {};
      assert.ok(status !== undefined || mayBeCut || isToEnd, `${told} was not answered: ${text}`);
      assert.doesNotMatch(text, /internal error/, told);
      assert.doesNotMatch(text, /--help' for more information/, `${told} is no command line`);
    }
    if (hasEnded) place.daemon = await startPlaceDaemon(place.home);
    for (const id of listIds(place)) ids.add(id);
  }
}

/** Includes plugins that are being removed. */
function listIds({ daemon }: OperationPlace): readonly string[] {
  const names = readdirSync(join(daemon.dataRoot, 'plugins'));
  return names.map((name) => name.slice(0, 64)).filter((name) => /^[a-f0-9]{64}$/.test(name));
}

/** Every plugin must be removable in any state, and so must volumes whose plugin is gone. */
async function removeAll({ daemon, registry }: OperationPlace): Promise<void> {
  const api = pluginApi(daemon.socket);
  for (const id of await listPlugins(daemon)) await api.remove(id, { force: true });
  for (const name of volumeNames) {
    const { status, text } = await callApi(daemon.socket, 'DELETE', `/volumes/${name}?force=1`);
    assert.equal(status, 204, text);
  }
  // After a request for privileges a workspace stays ready for a minute; this uses it.
  await api.pull(`${registry}/acme/p:v1`, 'last');
  await api.remove('last');
}

async function listPlugins({ socket }: TestDaemon): Promise<readonly string[]> {
  const { text } = await callApi(socket, 'GET', '/plugins');
  const plugins: readonly { readonly Id: string }[] = JSON.parse(text);
  return plugins.map(({ Id }) => Id);
}

/** Clean-up after a failure, as far as possible. */
async function tidyUp(place: OperationPlace): Promise<void> {
  await place.daemon.end('SIGTERM');
  place.daemon = await startPlaceDaemon(place.home);
  const { socket } = place.daemon;
  for (const id of await listPlugins(place.daemon)) await callApi(socket, 'DELETE', `/plugins/${id}?force=1`);
}

/** A daemon reaps its children a moment after their end, without an event, so this polls for up to 10 s. */
async function untilReaped({ pid }: TestDaemon): Promise<void> {
  const deadline = AbortSignal.timeout(slowed(30_000));
  while (childrenOf(pid).some(isZombie)) await delay(20, undefined, { signal: deadline });
}

function childrenOf(pid: number): readonly string[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.split(' ').filter((child) => child !== '');
}

function isZombie(pid: string): boolean {
  try {
    return / Z [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false; // collected since it was listed
  }
}

/**
 * Names that occur more often than in `known`. A daemon that was restarted late may have fewer than one that has done
 * everything once: it watches nothing before the first start of a plugin, for example.
 */
function withoutEach(names: readonly string[], known: readonly string[]): readonly string[] {
  const left = [...known];
  return names.filter((name) => {
    const index = left.indexOf(name);
    if (index !== -1) left.splice(index, 1);
    return index === -1;
  });
}

/** Open files of a daemon except sockets: connections to registries and clients may stay open for a while. */
function openFiles({ pid }: TestDaemon): readonly string[] {
  const directory = `/proc/${pid}/fd`;
  const targets = readdirSync(directory).map((name) => readlinkSync(join(directory, name)));
  return targets
    .filter((target) => !target.startsWith('socket:'))
    .map((target) => target.replace(/\[\d+\]/, ''))
    .sort();
}
