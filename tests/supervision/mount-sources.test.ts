/**
 * Plugins with mounts whose sources disappear, or are on file systems that do not answer.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isOutboardError, type PluginEngine } from '@outboard/engine';
import { type HangingFileSystem, mountHangingFileSystem } from '../support/hanging-file-system.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPlugin } from '../support/perl-plugin.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { untilState } from '../support/plugin-states.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const skip = needsRoot;

interface Place extends Pick<TestEngine, 'reopen'> {
  readonly engine: PluginEngine;
  /** Outside of the engine's roots. */
  readonly directory: string;
  /** Create a plugin with this mount. */
  create(name: string, source?: string): Promise<void>;
}

/** An engine without back-off, so that no test waits for it. */
async function openPlace(context: TestContext): Promise<Place> {
  const directory = makeDirectory(context);
  const opened = await openTestEngine({ backOff: { initialMs: 5, maxMs: 50 } });
  context.after(() => opened[Symbol.asyncDispose]());
  return {
    get engine() {
      return opened.engine;
    },
    reopen: opened.reopen,
    directory,
    async create(name, source) {
      const mount = { Name: 'data', Destination: '/data', Type: 'bind', Options: ['rbind'] };
      const { config, ...rest } = perlPlugin('plain');
      const Mounts = source === undefined ? [] : [{ ...mount, Source: source }];
      await opened.engine.create({
        name,
        context: pluginContext({ ...rest, config: { ...config, Mounts } }),
      });
    },
  };
}

/** Removed at the end of the test, after the file system that it may have at `silent`. */
function makeDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'outboard-sources-'));
  context.after(async () => {
    await mounted.get(directory)?.[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });
  return directory;
}

/** By their working directory. */
const mounted = new Map<string, HangingFileSystem>();

/** Mount a file system in a directory of a test. */
async function mountSilent(directory: string): Promise<{ path: string; server: HangingFileSystem }> {
  const path = join(directory, 'silent');
  mkdirSync(path);
  const server = await mountHangingFileSystem(path);
  mounted.set(directory, server);
  return { path, server };
}

/** Processes that inspect a path. */
function countLooks(path: string): number {
  const lines = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        // Only of these: the command line of a hostile process cannot be read without waiting.
        const isLook = readFileSync(`/proc/${pid}/comm`, 'latin1') === 'stat\n';
        return isLook ? readFileSync(`/proc/${pid}/cmdline`, 'latin1') : '';
      } catch {
        return ''; // It ended after the directory was read.
      }
    });
  return lines.filter((line) => line.includes('stat\0') && line.endsWith(`\0${path}\0`)).length;
}

async function killPlugin(engine: PluginEngine, name: string): Promise<void> {
  process.kill((await untilState(engine, name, 'running')).pid, 'SIGKILL');
}

test('a plugin with a missing mount source reports it, and is restarted when the source is back', {
  skip,
}, async (context) => {
  const { engine, directory, create } = await openPlace(context);
  const [source, aside] = [join(directory, 'source'), join(directory, 'aside')];
  mkdirSync(source);
  await create('store', source);
  await engine.enable('store');
  renameSync(source, aside);
  await killPlugin(engine, 'store');
  const reason = `bind source path does not exist: mount "data" has source "${source}"`;
  await untilState(engine, 'store', 'backing-off', (state) => state.reason === reason);
  const { lastFailure } = await engine.status('store');
  assert.equal(lastFailure?.reason, reason);
  // A restart on request reports the same reason.
  await assert.rejects(engine.restart('store'), {
    code: 'preflight',
    message: new RegExp(`^${reason}; make it`),
  });
  renameSync(aside, source);
  await untilState(engine, 'store', 'running');
});

test('a plugin whose mount source is missing when the daemon starts is started when the source appears', {
  skip,
}, async (context) => {
  const place = await openPlace(context);
  const [source, aside] = [join(place.directory, 'source'), join(place.directory, 'aside')];
  mkdirSync(source);
  await place.create('store', source);
  await place.create('other');
  for (const name of ['store', 'other']) await place.engine.enable(name);
  const { pid } = await untilState(place.engine, 'store', 'running');
  renameSync(source, aside);
  process.kill(pid, 'SIGKILL');
  const engine = await place.reopen();
  await untilState(engine, 'store', 'backing-off', ({ reason }) => reason.includes(`"${source}"`));
  assert.equal(engine.state('other').status, 'running');
  assert.equal(engine.inspect('store').enabled, true);
  renameSync(aside, source);
  await untilState(engine, 'store', 'running');
});

test('a plugin without retries reports the missing source, and is restarted manually', {
  skip,
}, async (context) => {
  const { engine, directory, create } = await openPlace(context);
  const [source, aside] = [join(directory, 'source'), join(directory, 'aside')];
  mkdirSync(source);
  await create('once', source);
  await engine.update('once', { restart: { name: 'on-failure', maximumRetries: 2 } });
  await engine.enable('once');
  renameSync(source, aside);
  await killPlugin(engine, 'once');
  const { reason } = await untilState(engine, 'once', 'failed');
  assert.match(reason, /^bind source path does not exist: mount "data" .*; it is not started again/);
  renameSync(aside, source);
  await engine.restart('once');
  assert.equal(engine.state('once').status, 'running');
});

test('S19 I14 plugins with unresponsive mount sources fail with an error, and delay no other', {
  skip,
}, async (context) => {
  const { engine, directory, create } = await openPlace(context);
  const { path: source, server } = await mountSilent(directory);
  // More than there are threads for files.
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const name of names) await create(name, name === 'a' ? source : join(source, name));
  await create('well');
  await server.fallSilent();
  const order: string[] = [];
  const hung = names.map(async (name) => {
    await assert.rejects(engine.enable(name), (error) => {
      assert.ok(isOutboardError(error, 'invalid'), String(error));
      assert.match(
        error.message,
        /^source "[^"]*" of mount "data" cannot be reached: its file system does not answer;/,
      );
      return true;
    });
    order.push(name);
  });
  await engine.enable('well');
  await engine.statuses();
  await engine.disable('well');
  order.push('well');
  await Promise.all(hung);
  assert.equal(order[0], 'well');

  // A repeated inspection waits for the current one, so that they do not accumulate.
  await assert.rejects(engine.enable('a'), /does not answer/);
  assert.equal(countLooks(source), 1);
  await server.speak();
  await engine.enable('a');
});

test('a plugin whose mount source stops answering reports it, and is restarted when the source answers', {
  skip,
}, async (context) => {
  const { engine, directory, create } = await openPlace(context);
  const { path: source, server } = await mountSilent(directory);
  await create('store', source);
  await engine.enable('store');
  await server.fallSilent();
  await killPlugin(engine, 'store');
  await untilState(engine, 'store', 'backing-off', ({ reason }) => reason.endsWith('does not answer'));
  await server.speak();
  await untilState(engine, 'store', 'running');
});

test('a plugin that waits for an unresponsive mount source can be disabled', {
  skip,
}, async (context) => {
  const { engine, directory, create } = await openPlace(context);
  const { path: source, server } = await mountSilent(directory);
  await create('store', source);
  await engine.enable('store');
  await server.fallSilent();
  await killPlugin(engine, 'store');
  await untilState(engine, 'store', 'starting');
  await engine.disable('store');
  assert.equal(engine.inspect('store').enabled, false);
});

test('outboard doctor reports an unresponsive data root, and exits', { skip }, async (context) => {
  const directory = makeDirectory(context);
  const { path: dataRoot, server } = await mountSilent(directory);
  await server.fallSilent();
  const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));
  const roots = ['--data-root', dataRoot, '--exec-root', join(directory, 'run')];
  const { stdout } = await promisify(execFile)(program, ['daemon', 'doctor', ...roots]);
  const checks: readonly { Name: string; Status: string; Message: string }[] = JSON.parse(stdout).Checks;
  const failed = checks.filter(({ Message }) => Message.includes(directory) && !Message.includes('run'));
  const expected = `${dataRoot} cannot be reached: its file system does not answer`;
  assert.deepEqual(
    failed.map(({ Name, Status, Message }) => [Name, Status, Message]),
    [
      ['data root', 'fail', expected],
      ['disk space', 'fail', expected],
    ],
  );
});
