/**
 * The engine on real parts: a registry, runc, conmon, sockets and mounts. One plugin through its whole life, and the
 * refusals of every operation.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { lstatSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { createVolumeDriver, type Plugin, type PluginEngine, type PluginState } from '@outboard/engine';
import { createPluginClient } from '@outboard/protocol';
import { checkDataRoot } from '../support/data-root.ts';
import { assertHostUnchanged, snapshotHost } from '../support/host-snapshot.ts';
import { needsRoot } from '../support/needs-root.ts';
import { type PluginArchiveOptions, pluginContext } from '../support/plugin-archive.ts';
import { fixtureSocket } from '../support/plugin-fixture.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const skip = needsRoot;

async function openEngine(context: TestContext): Promise<TestEngine> {
  const opened = await openTestEngine();
  context.after(() => opened[Symbol.asyncDispose]());
  return opened;
}

async function openRegistry(context: TestContext): Promise<TestRegistry> {
  const registry = await startRegistry();
  context.after(() => registry.stop());
  return registry;
}

/** Create a plugin, push it and remove it. @returns the arguments for a pull */
async function publish(engine: PluginEngine, name: string, options: PluginArchiveOptions = {}) {
  await engine.create({ name, context: pluginContext(options) });
  await engine.push({ plugin: name });
  await engine.remove(name);
  return { remote: name, privileges: await engine.privileges(name) };
}

function socketOf({ execRoot }: { readonly execRoot: string }, { id }: Plugin): string {
  return join(execRoot, 'plugins', id, fixtureSocket);
}

/** Bundles, states of the runtime and sockets are removed with their plugin. */
function assertExecRootEmpty({ execRoot }: TestEngine): void {
  for (const directory of ['bundles', 'runtime', 'plugins', 'sockets']) {
    assert.deepEqual(readdirSync(join(execRoot, directory)), [], directory);
  }
}

test('life cycle of a plugin: create, push, remove, pull, set, enable, call, disable, upgrade, remove', {
  skip,
}, async (context) => {
  const { host } = await openRegistry(context);
  const opened = await openEngine(context);
  const { engine, dataRoot } = opened;
  const before = snapshotHost(join(dataRoot, '..'), { entries: ['data'] });
  const [v1, v2] = [`${host}/acme/life:v1`, `${host}/acme/life:v2`];
  const env = (Name: string, Value: string) => ({ Name, Description: '', Value, Settable: ['value'] });
  await publish(engine, v1, { config: { Env: [env('KEPT', '1'), env('DROPPED', '1')] } });
  await publish(engine, v2, {
    config: { Env: [env('KEPT', '2'), env('ADDED', '2')], Linux: { Capabilities: ['CAP_SYS_ADMIN'] } },
    files: { '/version': 'two' },
  });

  const privileges = await engine.privileges(v1);
  assert.deepEqual(new Set(privileges.map(({ name }) => name)), new Set(['mount', 'network']));
  await assert.rejects(engine.pull({ remote: v1, privileges: [] }), { kind: 'forbidden' });
  const pulled = await engine.pull({ remote: v1, name: 'life', privileges });
  assert.equal(pulled.enabled, false);
  assert.equal(pulled.pluginReference, v1);
  await engine.set('life', ['KEPT=mine', 'DROPPED=mine']);

  await engine.enable('life');
  assert.equal(engine.inspect('life').enabled, true);
  assert.equal(engine.state('life').status, 'running');
  await using client = createPluginClient({ socketPath: socketOf(opened, pulled), timeoutMs: 30_000 });
  const volumes = createVolumeDriver(client);
  await volumes.create('v', {});
  assert.deepEqual(
    (await volumes.list()).map(({ name }) => name),
    ['v'],
  );
  await engine.disable('life');
  assert.equal(engine.state('life').status, 'disabled');

  const upgraded = await engine.upgrade({
    plugin: 'life',
    remote: v2,
    privileges: await engine.privileges(v2),
  });
  assert.equal(upgraded.id, pulled.id);
  await opened.reopen();
  const reopened = opened.engine.inspect('life');
  assert.equal(reopened.pluginReference, v2);
  assert.deepEqual(reopened.config.linux.capabilities, ['CAP_SYS_ADMIN']);
  assert.deepEqual([...reopened.settings.env].sort(), ['ADDED=2', 'KEPT=mine']);
  const rootfs = join(dataRoot, 'plugins', pulled.id, 'rootfs');
  assert.equal(readFileSync(join(rootfs, 'version'), 'utf8'), 'two');

  await opened.engine.remove('life');
  assert.deepEqual(opened.engine.list(), []);
  assertExecRootEmpty(opened);
  assertHostUnchanged(before, { entries: ['data'], plugins: [pulled.id] });
});

test('an upgrade drops settings with wider access or from another repository, with a warning', {
  skip,
}, async (context) => {
  const { host } = await openRegistry(context);
  const { engine } = await openEngine(context);
  const [v1, v2, other] = ['acme/kept:v1', 'acme/kept:v2', 'other/kept:v1'].map(
    (name) => `${host}/${name}`,
  ) as [string, string, string];
  const key = (...options: readonly string[]) => ({
    Mounts: [
      { Name: 'key', Source: '', Destination: '/key', Type: 'bind', Options: options, Settable: ['source'] },
    ],
    Env: [{ Name: 'TOKEN', Value: '', Settable: ['value'] }],
  });
  await publish(engine, v1, { config: key('rbind', 'ro') });
  await publish(engine, v2, { config: key('rbind', 'rshared') });
  await publish(engine, other, { config: key('rbind', 'ro') });
  const privileges = await engine.privileges(v1);
  // The granted privileges are the same for all: they contain neither options nor settings.
  assert.deepEqual(await engine.privileges(v2), privileges);
  const upgrade = async (plugin: string, remote: string) => {
    await engine.pull({ remote: v1, name: plugin, privileges });
    await engine.set(plugin, ['key=/home', 'TOKEN=secret']);
    const told: string[] = [];
    const { settings } = await engine.upgrade({
      plugin,
      remote,
      privileges,
      onProgress: ({ status }) => void told.push(status),
    });
    const warnings = told.filter((status) => status.startsWith('Warning: '));
    return {
      source: settings.mounts.find(({ name }) => name === 'key')?.source,
      env: settings.env,
      warnings,
    };
  };

  const same = await upgrade('same', v1);
  assert.deepEqual([same.source, same.env, same.warnings], ['/home', ['TOKEN=secret'], []]);
  const wider = await upgrade('wider', v2);
  assert.deepEqual([wider.source, wider.env], ['', ['TOKEN=secret']]);
  assert.match(wider.warnings.join(), /setting "key" \("\/home"\) is not kept: .*it was read-only/);
  const foreign = await upgrade('foreign', other);
  assert.deepEqual([foreign.source, foreign.env], ['', ['TOKEN=']]);
  assert.match(foreign.warnings.join(), /setting "TOKEN" is not kept: .*another repository/);
});

test('operations that conflict with the state of a plugin are refused and change nothing', {
  skip,
}, async (context) => {
  const { host } = await openRegistry(context);
  const { engine } = await openEngine(context);
  const remote = `${host}/acme/clash:v1`;
  const { privileges } = await publish(engine, remote);
  await engine.pull({ remote, name: 'clash', privileges });
  const conflict = { kind: 'conflict' };
  await assert.rejects(engine.pull({ remote, name: 'clash', privileges }), conflict);
  await assert.rejects(engine.create({ name: 'clash:latest', context: pluginContext() }), conflict);
  await assert.rejects(engine.disable('clash'), conflict);
  await engine.enable('clash');
  await assert.rejects(engine.enable('clash'), conflict);
  await assert.rejects(engine.set('clash', ['DEBUG=1']), conflict);
  await assert.rejects(engine.upgrade({ plugin: 'clash', remote, privileges }), conflict);
  await assert.rejects(engine.remove('clash'), conflict);
  assert.equal(engine.state('clash').status, 'running');
  assert.deepEqual(engine.inspect('clash').settings.env, ['DEBUG=0']);
  await engine.remove('clash', { force: true });
  assert.deepEqual(engine.list(), []);
});

test('settings are applied all or none', { skip }, async (context) => {
  const { engine } = await openEngine(context);
  await engine.create({ name: 'p', context: pluginContext() });
  await assert.rejects(engine.set('p', ['DEBUG=1', 'NOPE=1']), { kind: 'invalid' });
  assert.deepEqual(engine.inspect('p').settings.env, ['DEBUG=0']);
});

test('a failed enable reports exit code and last log lines, and leaves nothing behind', {
  skip,
}, async (context) => {
  const opened = await openEngine(context);
  const { engine, dataRoot } = opened;
  const script = `console.error('cannot reach the array'); process.exit(7);`;
  const plugin = await engine.create({ name: 'fails', context: pluginContext({ script }) });
  const before = snapshotHost(join(dataRoot, '..'));
  await assert.rejects(engine.enable('fails'), {
    kind: 'system',
    message: /exited with code 7 .*"cannot reach the array"/,
  });
  assert.equal(engine.inspect('fails').enabled, false);
  assert.equal(engine.state('fails').status, 'disabled');
  assertExecRootEmpty(opened);
  assertHostUnchanged(before, { plugins: [plugin.id] });
});

test('D19 500 concurrent changes of one plugin are made one after another', { skip }, async (context) => {
  const opened = await openEngine(context);
  await opened.engine.create({ name: 'busy', context: pluginContext() });
  const seen = new Set<string>();
  const changes = Array.from({ length: 500 }, async (_, index) => {
    await opened.engine.set('busy', [`DEBUG=${index}`]);
    seen.add(opened.engine.inspect('busy').settings.env.join());
  });
  await Promise.all(changes);
  // Each call saw its own value, in the order of the calls.
  assert.deepEqual(
    [...seen],
    Array.from({ length: 500 }, (_, index) => `DEBUG=${index}`),
  );
  await opened.reopen();
  assert.deepEqual(opened.engine.inspect('busy').settings.env, ['DEBUG=499']);
});

test('plugins with the same root filesystem share its blobs, and removing one does not affect the others', {
  skip,
}, async (context) => {
  const { host } = await openRegistry(context);
  const { engine, dataRoot } = await openEngine(context);
  const [first, second] = [`${host}/acme/first:v1`, `${host}/acme/second:v1`];
  const one = await engine.create({ name: first, context: pluginContext() });
  const two = await engine.create({ name: second, context: pluginContext() });
  assert.notEqual(one.id, two.id);
  await engine.remove(first);
  await engine.push({ plugin: second });
  await engine.enable(second);
  await engine.remove(second, { force: true });
  assert.deepEqual(checkDataRoot(dataRoot), { plugins: [], blobs: [] });
});

test('other programs can connect to a running plugin under any socket name', {
  skip,
}, async (context) => {
  const opened = await openEngine(context);
  const socket = `${'s'.repeat(82)}.sock`;
  const script = `
    import { createServer } from 'node:http';
    process.chdir('/run/docker/plugins'); // Node.js cuts a path that is too long
    createServer((request, response) => response.end('{"Volumes":[{"Name":"seen"}]}')).listen('${socket}');
    process.on('SIGTERM', () => process.exit(0));
  `;
  const config = { Interface: { Types: ['docker.volumedriver/1.0'], Socket: socket } };
  await opened.engine.create({ name: 'named', context: pluginContext({ script, config }) });
  assert.equal((await opened.engine.status('named')).socketPath, undefined);
  await opened.engine.enable('named');
  // By its address, without a handle, as other programs connect.
  const dial = async () => {
    const { socketPath = assert.fail('no path is told') } = await opened.engine.status('named');
    assert.ok(Buffer.byteLength(socketPath) <= 107, socketPath);
    const client = request({ socketPath, path: '/VolumeDriver.List', method: 'POST', agent: false }).end();
    const [response] = await once(client, 'response');
    return { socketPath, answer: await text(response) };
  };
  const { socketPath, answer } = await dial();
  assert.match(answer, /"seen"/);
  assert.equal(lstatSync(socketPath).isSymbolicLink(), true);
  // The state after a start by a version that made no link.
  rmSync(socketPath);
  const pidOf = (state: PluginState) => ('pid' in state ? state.pid : assert.fail(state.status));
  const pid = pidOf(opened.engine.state('named'));
  const watcher = watch(dirname(socketPath));
  const made = once(watcher, 'change');
  await opened.reopen();
  await made;
  watcher.close();
  assert.match((await dial()).answer, /"seen"/);
  assert.equal(pidOf(opened.engine.state('named')), pid, 'it was started anew');
  await opened.engine.remove('named', { force: true });
  assertExecRootEmpty(opened);
});

test('all operations work with long paths of data and exec root', { skip }, async (context) => {
  const { host } = await openRegistry(context);
  const parent = await openEngine(context);
  const long = join('a'.repeat(60), 'b'.repeat(60), 'c'.repeat(60));
  const roots = { dataRoot: join(parent.dataRoot, long), execRoot: join(parent.execRoot, long) };
  await using deep = await openTestEngine(roots);
  const remote = `${host}/acme/deep:v1`;
  const { privileges } = await publish(deep.engine, remote, { config: { PropagatedMount: '/mnt/shared' } });
  const plugin = await deep.engine.pull({ remote, name: 'deep', privileges });
  await deep.engine.enable('deep');
  await using client = createPluginClient({ socketPath: socketOf(roots, plugin), timeoutMs: 30_000 });
  await createVolumeDriver(client).create('v', {});
  await deep.reopen();
  assert.equal(deep.engine.state('deep').status, 'running');
  await deep.engine.disable('deep');
  await deep.engine.upgrade({ plugin: 'deep', remote, privileges });
  await deep.engine.remove('deep');
  assert.deepEqual(checkDataRoot(roots.dataRoot), { plugins: [], blobs: [] });
});
