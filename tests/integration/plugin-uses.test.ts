/**
 * References on real plugins: a referenced plugin cannot be stopped, and the error names the holders.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { PluginEngine } from '@outboard/engine';
import { callApi, makeDaemonHome, startDaemon } from '../support/daemon.ts';
import { createDockerCli } from '../support/docker-cli.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { pluginArchive, pluginContext } from '../support/plugin-archive.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const skip = needsRoot;

async function openEngine(context: TestContext): Promise<TestEngine> {
  const opened = await openTestEngine();
  context.after(() => opened[Symbol.asyncDispose]());
  return opened;
}

const podman = { kind: 'client', holder: 'podman' } as const;
const usesOf = (engine: PluginEngine, id: string) =>
  engine.references.of(id).map(({ kind, holder }) => `${kind} ${holder}`);

/** The part of an error after the name of the plugin. @param since time of the one reference */
const inUse = (since: Date | undefined) => ({
  kind: 'conflict',
  code: 'in-use',
  message: `plugin acme/p:latest is in use: client podman (since ${since?.toISOString()})`,
});

test('a plugin in use, enabled or not, is neither disabled nor removed without force', {
  skip,
}, async (context) => {
  const { engine } = await openEngine(context);
  const { id } = await engine.create({ name: 'acme/p', context: pluginContext() });
  await engine.references.add(id, podman);
  const refusal = inUse(engine.references.of(id)[0]?.since);
  // References are checked before the state, as in Docker.
  await assert.rejects(engine.disable('acme/p'), refusal);
  await assert.rejects(engine.remove('acme/p'), refusal);
  await engine.enable('acme/p');
  await assert.rejects(engine.disable('acme/p'), refusal);
  await assert.rejects(engine.remove('acme/p'), refusal);
  assert.equal(engine.state('acme/p').status, 'running');

  await engine.disable('acme/p', { force: true });
  assert.deepEqual(usesOf(engine, id), ['client podman'], 'who needs it still does');
  await assert.rejects(engine.disable('acme/p', { force: true }), { message: /already disabled/ });
  await engine.references.remove(id, podman);
  await assert.rejects(engine.disable('acme/p'), { message: /already disabled/ });
  await engine.remove('acme/p');
});

test('references survive the daemon, and are deleted when their plugin is removed by force', {
  skip,
}, async (context) => {
  const opened = await openEngine(context);
  const { id } = await opened.engine.create({ name: 'acme/p', context: pluginContext() });
  await opened.engine.references.add(id, podman);
  const before = opened.engine.references.of(id);
  const engine = await opened.reopen();
  assert.deepEqual(engine.references.of(id), before);
  await engine.remove('acme/p', { force: true });
  assert.deepEqual(engine.references.of(id), []);
  assert.equal(existsSync(join(opened.dataRoot, 'plugins', id)), false);
  const again = await engine.create({ name: 'acme/p', context: pluginContext() });
  assert.deepEqual(engine.references.of(again.id), []);
});

test('of a concurrent reference and removal, exactly one succeeds', {
  skip,
}, async (context) => {
  const { engine } = await openEngine(context);
  for (const isHeldFirst of [true, false]) {
    const { id } = await engine.create({ name: 'acme/p', context: pluginContext() });
    const hold = () => engine.references.add(id, podman);
    const remove = () => engine.remove('acme/p');
    const [first, second] = await Promise.allSettled(isHeldFirst ? [hold(), remove()] : [remove(), hold()]);
    assert.equal(first.status, 'fulfilled');
    assert.equal(second.status, 'rejected');
    assert.equal(engine.list().length, isHeldFirst ? 1 : 0);
    await engine.remove('acme/p', { force: true }).catch(() => assert.equal(isHeldFirst, false));
  }
});

test('references added through the API are shown by docker, and survive kill -9 of the daemon', {
  skip,
}, async (context) => {
  const { home, remove } = await makeDaemonHome();
  context.after(remove);
  let daemon = await startDaemon({ home });
  context.after(() => daemon.end('SIGTERM'));
  await pluginApi(daemon.socket).create('acme/p', pluginArchive());
  const path = '/outboard/v1/plugins/acme/p/uses';
  const body = '{"Holder":"podman"}';
  const headers = { 'content-type': 'application/json' };
  assert.equal((await callApi(daemon.socket, 'POST', path, { headers, body })).status, 204);
  const { text } = await callApi(daemon.socket, 'GET', path);
  const [use] = JSON.parse(text).Uses;
  assert.deepEqual([use.Kind, use.Holder], ['client', 'podman']);

  await daemon.end('SIGKILL');
  daemon = await startDaemon({ home });
  assert.equal((await callApi(daemon.socket, 'GET', path)).text, text);
  const docker = await createDockerCli(daemon.socket);
  context.after(() => docker.remove());
  const refusal = `plugin acme/p:latest is in use: client podman (since ${use.Since})`;
  assert.ok((await docker.fail('plugin', 'rm', 'acme/p')).includes(refusal), refusal);
  // The fields that Docker shows stay the same.
  assert.doesNotMatch(await docker.succeed('plugin', 'inspect', 'acme/p'), /podman/);

  assert.equal((await callApi(daemon.socket, 'DELETE', `${path}?holder=podman`)).status, 204);
  await docker.succeed('plugin', 'rm', 'acme/p');
});
