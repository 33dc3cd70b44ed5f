/**
 * Logs of plugins through the daemon: during kills, restarts and following, and on a full disk.
 */
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPluginEngine, type PluginEngine } from '@outboard/engine';
import { callApi } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { callOutputPlugin, outputPluginArchive, outputPluginScript } from '../support/output-plugin.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { fixtureSocket } from '../support/plugin-fixture.ts';
import {
  enablePlugin,
  openRestartableDaemon,
  type RestartableDaemon,
  startNextDaemon,
} from '../support/restartable-daemon.ts';
import { mountSmallTmpfs } from '../support/small-tmpfs.ts';

const skip = needsRoot;
const path = '/outboard/v1/plugins/talk/logs';

/** Follow the log over HTTP. */
async function followOver(place: RestartableDaemon, query: string) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { socketPath: place.daemon.socket, path: `${path}?follow=1&${query}` };
    request(options, resolve).on('error', reject).end();
  });
  let text = '';
  let wake = (): void => undefined;
  response.setEncoding('latin1');
  response.on('data', (chunk: string) => {
    text += chunk;
    wake();
  });
  // Reported by the rejection that follows.
  response.on('error', () => undefined);
  return {
    text: () => text,
    ended: new Promise<void>((resolve) => {
      response.once('close', resolve);
    }),
    async until(wanted: string): Promise<void> {
      while (!text.includes(wanted)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    end: () => response.destroy(),
  };
}

function bytesOnDisk(directory: string): number {
  const sizes = new Map(
    readdirSync(directory).map((name) => {
      const { ino, size } = statSync(join(directory, name));
      return [ino, size];
    }),
  );
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

test('a plugin that logs at full speed without a daemon stays within the size limit, and the next daemon has its last lines', {
  skip,
}, async (context) => {
  const place = await openRestartableDaemon(context);
  const id = await enablePlugin(place, 'talk', outputPluginArchive());
  const talk = callOutputPlugin(join(place.daemon.execRoot, 'plugins', id, fixtureSocket));
  await talk.say('stderr', 'before\n');
  await place.daemon.untilLogged(/"stream":"stderr".*"msg":"before"/);
  assert.match(
    place.daemon.log(),
    /"level":30,.*"plugin":"talk:latest","id":"[a-f0-9]{64}","stream":"stderr"/,
  );
  await place.daemon.end('SIGKILL');
  const last = await talk.flood({ lineBytes: 100, ms: 2_000, bytesPerSecond: 40_000_000 });
  await talk.say('stdout', 'while there was none\n');
  const directory = join(place.daemon.dataRoot, 'plugins', id, 'logs');
  assert.ok(last * 140 > 40_000_000, `it wrote only ${last} lines`);
  assert.ok(bytesOnDisk(directory) <= 30 * 1024 * 1024, `the log takes ${bytesOnDisk(directory)} bytes`);
  await startNextDaemon(place);
  const all = (await callApi(place.daemon.socket, 'GET', path)).text;
  assert.match(all, /hello\n/, 'what was written before');
  const tail = (await callApi(place.daemon.socket, 'GET', `${path}?tail=2`)).text;
  assert.match(tail, new RegExp(`${last}\\.+\n.*while there was none\n$`, 's'));
  // The plugin has a daemon again.
  const followed = await followOver(place, 'tail=1');
  await talk.say('stdout', 'after\n');
  await followed.until('after\n');
  await place.daemon.untilLogged(/"msg":"after"/);
  followed.end();
});

test('a client that follows a log gets an error when the daemon stops, and resumes with the next one', {
  skip,
}, async (context) => {
  const place = await openRestartableDaemon(context);
  const id = await enablePlugin(place, 'talk', outputPluginArchive());
  const talk = callOutputPlugin(join(place.daemon.execRoot, 'plugins', id, fixtureSocket));
  const followed = await followOver(place, '');
  await followed.until('hello\n');
  const stopping = place.daemon.end('SIGTERM');
  await followed.until('the daemon is shutting down');
  assert.equal(await stopping, 0);
  await followed.ended;
  await talk.say('stdout', 'while there was none\n');
  await startNextDaemon(place);
  const next = await followOver(place, 'stdout=1');
  await next.until('while there was none\n');
  await place.api.disable('talk');
  await place.api.enable('talk');
  await talk.say('stdout', 'both runs\n');
  await next.until('both runs\n');
  assert.equal(next.text().split('hello\n').length - 1, 2, 'both runs began with it');
  next.end();
});

test('a full disk stops no plugin, and its log resumes when there is space', {
  skip,
}, async (context) => {
  await using disk = await mountSmallTmpfs({ bytes: 4 * 1024 * 1024 });
  const execRoot = await mkdtemp(join(tmpdir(), 'outboard-test-'));
  context.after(() => rm(execRoot, { recursive: true }));
  const engine = await openPluginEngine({ dataRoot: disk.path, execRoot });
  try {
    const { id } = await engine.create({
      name: 'talk',
      context: pluginContext({ script: outputPluginScript }),
    });
    await engine.enable('talk');
    const socket = join(execRoot, 'plugins', id, fixtureSocket);
    const talk = callOutputPlugin(socket);
    const ballast = join(disk.path, 'ballast');
    await writeFile(ballast, Buffer.alloc(2 * 1024 * 1024));
    const last = await talk.flood({ lineBytes: 1000, ms: 500, bytesPerSecond: 12_000_000 });
    assert.ok(last * 1000 > 3 * 1024 * 1024, `it wrote only ${last} lines`);
    const { pid } = runningState(engine);
    await rm(ballast);
    // The first of these may end a cut record.
    await talk.say('stdout', 'there is space\nagain\n');
    await untilLine(engine, 'again');
    assert.equal(runningState(engine).pid, pid, 'the plugin was restarted');
  } finally {
    await engine.remove('talk', { force: true });
    await engine[Symbol.asyncDispose]();
  }
});

test('a disk without inodes stops no plugin when its log is rotated', { skip }, async (context) => {
  const inodes = 300;
  await using disk = await mountSmallTmpfs({ bytes: 32 * 1024 * 1024, inodes });
  const execRoot = await mkdtemp(join(tmpdir(), 'outboard-test-'));
  context.after(() => rm(execRoot, { recursive: true }));
  const engine = await openPluginEngine({ dataRoot: disk.path, execRoot });
  try {
    const { id } = await engine.create({
      name: 'talk',
      context: pluginContext({ script: outputPluginScript }),
    });
    await engine.enable('talk');
    await untilLine(engine, 'hello');
    const { pid } = runningState(engine);
    await takeAllInodes(disk.path, inodes);
    const talk = callOutputPlugin(join(execRoot, 'plugins', id, fixtureSocket));
    const last = await talk.flood({ lineBytes: 1000, ms: 500, bytesPerSecond: 20_000_000 });
    assert.ok(last * 1000 > 8 * 1024 * 1024, `it wrote only ${last} lines: no file is full`);
    await talk.say('stdout', 'again\n');
    await untilLine(engine, 'again');
    assert.equal(runningState(engine).pid, pid, 'the plugin was restarted');
  } finally {
    await rm(join(disk.path, 'ballast'), { recursive: true, force: true });
    await engine.remove('talk', { force: true });
    await engine[Symbol.asyncDispose]();
  }
});

test('a plugin starts on a disk that has no room for its log', { skip }, async (context) => {
  await using disk = await mountSmallTmpfs({ bytes: 4 * 1024 * 1024, inodes: 200 });
  const execRoot = await mkdtemp(join(tmpdir(), 'outboard-test-'));
  context.after(() => rm(execRoot, { recursive: true }));
  const engine = await openPluginEngine({ dataRoot: disk.path, execRoot });
  try {
    const { id } = await engine.create({
      name: 'talk',
      context: pluginContext({ script: outputPluginScript }),
    });
    // A file in place of the directory has the effect of a disk without inodes; enabling also writes its record.
    const logs = join(disk.path, 'plugins', id, 'logs');
    await writeFile(logs, '');
    await engine.enable('talk');
    assert.equal(engine.state('talk').status, 'running');
    await engine.disable('talk');
    await rm(logs);
    await engine.enable('talk');
    await untilLine(engine, 'hello');
  } finally {
    await engine.remove('talk', { force: true });
    await engine[Symbol.asyncDispose]();
  }
});

async function takeAllInodes(directory: string, most: number): Promise<void> {
  const ballast = join(directory, 'ballast');
  await mkdir(ballast);
  try {
    for (let index = 0; index < most; index += 1) await writeFile(join(ballast, String(index)), '');
    throw new Error(`${most} more files were no problem`);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}

function runningState(engine: PluginEngine) {
  const state = engine.state('talk');
  if (state.status !== 'running') throw new Error(`the plugin is ${state.status}`);
  return state;
}

async function untilLine(engine: PluginEngine, wanted: string): Promise<void> {
  for await (const lines of engine.logs.read('talk', { follow: true })) {
    if (lines.some(({ content }) => content.toString() === wanted)) return;
  }
}
