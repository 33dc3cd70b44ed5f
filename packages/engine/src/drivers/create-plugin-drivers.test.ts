import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { createListeners } from '@outboard/async';
import { pino } from 'pino';
import type { PluginRecord } from '../config/plugin-config.ts';
import { createPluginGates } from '../serving/gate/create-plugin-gates.ts';
import type { PluginGates } from '../serving/gate/plugin-gates.ts';
import { PluginIndex } from '../store/plugin-index.ts';
import { pluginPaths } from '../store/plugin-layout.ts';
import type { PluginState, Supervisor } from '../supervise/supervisor.ts';
import { recordFixture } from '../testing/record-fixture.ts';
import { createPluginDrivers, type EnginePluginDrivers } from './create-plugin-drivers.ts';
import { createLegacyDiscovery } from './legacy/create-legacy-discovery.ts';
import { createLegacyDrivers } from './legacy/discovered-drivers.ts';

const at = new Date(0);
const running: PluginState = { status: 'running', since: at, startedAt: at, pid: 1, restarts: 0 };
const first = recordFixture({ id: '1'.repeat(64), name: 'acme/b:latest', enabled: true });
const second = recordFixture({ id: `1${'2'.repeat(63)}`, name: 'acme/a:latest', enabled: true });
const disabled = recordFixture({ id: '3'.repeat(64), name: 'acme/off:latest' });

let home: string;
let index: PluginIndex;
let states: Map<string, PluginState>;
let changeState: (id: string, state: PluginState) => void;
let log: string[];
let drivers: EnginePluginDrivers;
let gates: PluginGates;
let servers: Server[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'ob-drivers-'));
  await mkdir(join(home, 'run'));
  index = new PluginIndex();
  for (const record of [first, second, disabled]) index.put(record);
  // A server in this process, where a test starts one.
  states = new Map([[first.id, running]]);
  log = [];
  servers = [];
  const logger = pino({ level: 'error' }, { write: (line: string) => void log.push(line) });
  const listeners = createListeners<Parameters<Parameters<Supervisor['onChange']>[0]>>(() => {});
  changeState = (id, state) => {
    const before = states.get(id) ?? { status: 'disabled' };
    states.set(id, state);
    listeners.notify(id, state, before);
  };
  const supervisor = {
    socketPath: socketOf,
    state: (id: string): PluginState => states.get(id) ?? { status: 'disabled' },
    onChange: listeners.add,
  };
  gates = createPluginGates({
    store: { get: (id) => index.get(id), onChange: () => () => {} },
    supervisor,
    logger,
  });
  drivers = createPluginDrivers({
    store: {
      find: (typed) => index.find(typed),
      get: (id) => index.get(id),
      enabledWith: (capability) => index.enabledWith(capability),
      paths: (id) => pluginPaths(join(home, id)),
    },
    supervisor,
    gates,
    legacy: createLegacyDrivers(
      createLegacyDiscovery(join(home, 'exec'), { sockets: join(home, 'run'), specs: [] }),
      pino({ level: 'silent' }),
    ),
    logger,
  });
});
afterEach(async () => {
  gates[Symbol.dispose]();
  await drivers[Symbol.asyncDispose]();
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await rm(home, { recursive: true });
});

function socketOf({ id }: PluginRecord): string {
  return join(home, `${id.slice(0, 2)}.sock`);
}

/** A plugin in this process. @returns how many connections it has seen */
async function serve(path: string, answer: RequestListener): Promise<() => number> {
  let connections = 0;
  const server = createServer(answer);
  server.on('connection', () => {
    connections += 1;
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return () => connections;
}

const answerAll: RequestListener = (_request, response) =>
  void response.end('{"Implements":["VolumeDriver"]}');

/** The calls of an operation that enables or disables. */
async function setEnabled(record: PluginRecord, enabled: boolean): Promise<void> {
  index.put({ ...record, enabled });
  if (enabled) drivers.changes.enabled({ ...record, enabled });
  else await drivers.changes.disabled(record);
}

for (const typed of ['acme/a', 'acme/a:latest', 'docker.io/acme/a', second.id, '12']) {
  test(`find() finds a managed plugin by ${typed.slice(0, 20)}`, async () => {
    const { name, pluginId } = await drivers.find(typed, 'volumedriver');
    assert.deepEqual([name, pluginId], ['acme/a:latest', second.id]);
  });
}

for (const [typed, error] of [
  ['acme/none', { kind: 'not-found', message: 'plugin "acme/none" not found' }],
  ['acme/off', { kind: 'conflict', message: 'plugin acme/off found but disabled' }],
  ['1', { kind: 'invalid', code: 'ambiguous-prefix' }],
] as const) {
  test(`find() of ${typed} fails as ${error.kind}`, async () => {
    await assert.rejects(drivers.find(typed, 'volumedriver'), error);
  });
}

test('find() refuses a plugin that does not serve the capability, and tells what it serves', async () => {
  await assert.rejects(drivers.find('acme/a', 'authz'), {
    kind: 'invalid',
    message: 'plugin does not provide "authz" capability: acme/a:latest serves docker.volumedriver/1.0',
  });
});

test('a managed plugin hides a legacy one of its name, also while it is disabled', async () => {
  index.put(recordFixture({ id: '4'.repeat(64), name: 'shadow:latest' }));
  for (const name of ['shadow', 'own', '1']) await serve(join(home, `run/${name}.sock`), answerAll);
  await assert.rejects(drivers.find('shadow', 'volumedriver'), {
    message: 'plugin shadow found but disabled',
  });
  assert.equal((await drivers.find('own', 'volumedriver')).pluginId, undefined);
  const names = async () => (await drivers.all('volumedriver')).map(({ name }) => name);
  // "1" is the beginning of two IDs: nobody could look it up.
  assert.deepEqual(await names(), ['acme/a:latest', 'acme/b:latest', 'own']);
  index.delete('4'.repeat(64));
  assert.deepEqual(await names(), ['acme/a:latest', 'acme/b:latest', 'own', 'shadow']);
});

test('enabled() names the enabled managed plugins of a capability in order', () => {
  assert.deepEqual(drivers.enabled('volumedriver'), ['acme/a:latest', 'acme/b:latest']);
  assert.deepEqual(drivers.enabled('authz'), []);
});

test('a caller that disposes of its client breaks no call of another', async () => {
  let asked = (_response: ServerResponse) => {};
  const isAsked = new Promise<ServerResponse>((resolve) => {
    asked = resolve;
  });
  await serve(socketOf(first), (_request, response) => asked(response));
  const [mine, theirs] = await Promise.all([1, 2].map(() => drivers.find('acme/b', 'volumedriver')));
  const call = mine?.client.call('VolumeDriver.List', {});
  const response = await isAsked;
  await theirs?.client[Symbol.asyncDispose]();
  response.end('{"Volumes":[]}');
  assert.deepEqual((await call)?.objects('Volumes'), []);
});

test('a call under way fails when the plugin is disabled, and the next enable starts anew', async () => {
  let asked = () => {};
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  let answer: RequestListener = () => asked(); // never answers
  const connections = await serve(socketOf(first), (request, response) => answer(request, response));
  const { client } = await drivers.find('acme/b', 'volumedriver');
  const call = client.call('VolumeDriver.List', {});
  const failed = assert.rejects(call, { kind: 'unavailable', code: 'plugin-connection-lost' });
  await isAsked;
  await setEnabled(first, false);
  await failed;
  answer = answerAll;
  await setEnabled(first, true);
  await (await drivers.find('acme/b', 'volumedriver')).client.call('VolumeDriver.List', {});
  assert.equal(connections(), 2);
});

test('the time that was set when the plugin was enabled limits each call', async () => {
  await serve(socketOf(first), () => {}); // never answers
  index.put({ ...first, timeoutSeconds: 1 });
  const { client } = await drivers.find('acme/b', 'volumedriver');
  await assert.rejects(client.call('VolumeDriver.List', {}), { code: 'plugin-timeout' });
});

test('listeners hear of plugins that run, are enabled, run again, and are disabled', async () => {
  const heard: string[] = [];
  states.set(first.id, running);
  drivers.onEnabled('volumedriver', ({ name }) => heard.push(`+${name}`));
  drivers.onEnabled('authz', ({ name }) => heard.push(`wrong: ${name}`));
  drivers.onDisabled('volumedriver', (name) => heard.push(`-${name}`));
  await new Promise(setImmediate);
  assert.deepEqual(heard.splice(0), ['+acme/b:latest']); // and not the other one, which does not run yet
  changeState(second.id, running);
  assert.deepEqual(heard.splice(0), ['+acme/a:latest']);
  changeState(disabled.id, running); // its record says so only at the end of enable
  assert.deepEqual(heard.splice(0), []);
  await setEnabled(disabled, true);
  assert.deepEqual(heard.splice(0), ['+acme/off:latest']);
  changeState(first.id, { ...running, status: 'unhealthy', reason: 'hangs' });
  changeState(first.id, running); // it ran all the time
  assert.deepEqual(heard.splice(0), []);
  changeState(first.id, { status: 'starting', since: at, restarts: 1 });
  changeState(first.id, running);
  assert.deepEqual(heard.splice(0), ['+acme/b:latest']);
  await setEnabled(first, false);
  assert.deepEqual(heard.splice(0), ['-acme/b:latest']);
});

test('a listener that has stopped hears nothing, not even of what runs already', async () => {
  const heard: string[] = [];
  states.set(first.id, running);
  const stop = drivers.onEnabled('volumedriver', ({ name }) => heard.push(name));
  stop();
  await new Promise(setImmediate);
  changeState(first.id, running);
  assert.deepEqual(heard, []);
});

test('D20 a listener that throws is logged, and keeps neither the plugin nor the others from anything', async () => {
  const heard: string[] = [];
  states.set(first.id, running);
  const fail = () => {
    throw new Error('of the listener');
  };
  drivers.onEnabled('volumedriver', fail);
  drivers.onEnabled('volumedriver', ({ name }) => heard.push(`+${name}`));
  drivers.onDisabled('volumedriver', fail);
  drivers.onDisabled('volumedriver', (name) => heard.push(`-${name}`));
  await new Promise(setImmediate);
  await setEnabled(first, true);
  await setEnabled(first, false);
  assert.deepEqual(heard, ['+acme/b:latest', '+acme/b:latest', '-acme/b:latest']);
  assert.equal(log.length, 3);
  assert.match(log.join(''), /a listener of plugin drivers failed/);
});
