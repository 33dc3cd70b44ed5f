import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OutboardError, type PluginEngine, type PluginState } from '@outboard/engine';
import { send } from '../../testing/raw-http.ts';
import { samplePlugin, scriptEngine } from '../../testing/scripted-engine.ts';
import { startTestApi } from '../../testing/test-api.ts';

const path = '/outboard/v1/plugins/acme/p:v1/wait';
const since = new Date(0);
const running: PluginState = { status: 'running', since, startedAt: since, pid: 7, restarts: 0 };
const backingOff: PluginState = {
  status: 'backing-off',
  since,
  restarts: 3,
  retryAt: since,
  reason: 'exit code 1',
};

/** An API over one plugin in the given state. */
function startApi(state: PluginState, untilReady: PluginEngine['untilReady']) {
  const plugin = samplePlugin();
  return startTestApi(scriptEngine({ inspect: () => plugin, state: () => state, untilReady }));
}

/** Rejects only when the signal aborts, as for a plugin that does not become ready. */
const never: PluginEngine['untilReady'] = (_, { signal } = {}) =>
  new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));

describe('GET …/wait', () => {
  test('answers when the plugin with the ID of the name is ready', async () => {
    const asked: string[] = [];
    await using api = await startApi(running, async (id) => void asked.push(id));
    const { status, body } = await send(api.socket, 'GET', path);
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(body), { Ready: true, Status: 'running', Reason: '' });
    assert.deepEqual(asked, [samplePlugin().id]);
  });

  test('answers the state of the plugin after the timeout', async () => {
    await using api = await startApi(backingOff, never);
    const { status, body } = await send(api.socket, 'GET', `${path}?timeout=1`);
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(body), { Ready: false, Status: 'backing-off', Reason: 'exit code 1' });
  });

  test('answers only when held volumes are mounted again', async () => {
    const plugin = samplePlugin();
    const asked: string[] = [];
    const engine = scriptEngine({ inspect: () => plugin, state: () => running, untilReady: async () => {} });
    const ready: PluginEngine['serving']['ready'] = async (id) => void asked.push(id);
    await using api = await startTestApi({ ...engine, serving: { ...engine.serving, ready } });
    assert.equal(JSON.parse((await send(api.socket, 'GET', path)).body).Ready, true);
    assert.deepEqual(asked, [plugin.id]);
  });

  test('answers 409 for a plugin that has failed and is not restarted', async () => {
    await using api = await startApi(backingOff, async () => {
      throw new OutboardError('conflict', 'plugin acme/p:v1 has failed: exit code 1');
    });
    const { status, body } = await send(api.socket, 'GET', path);
    assert.deepEqual([status, JSON.parse(body).message], [409, 'plugin acme/p:v1 has failed: exit code 1']);
  });

  test('refuses a timeout that is not a number', async () => {
    await using api = await startApi(running, async () => {});
    assert.equal((await send(api.socket, 'GET', `${path}?timeout=soon`)).status, 400);
  });
});

test('GET …/preflight and GET …/doctor answer findings with their remedies', async () => {
  const finding = {
    what: 'conmon',
    why: 'it is missing',
    remedy: 'install it',
    concerns: 'host',
    isFatal: true,
  } as const;
  await using api = await startTestApi(scriptEngine({ preflight: async () => [finding] }));
  const preflight = await send(api.socket, 'GET', '/outboard/v1/plugins/acme/p:v1/preflight');
  assert.deepEqual(JSON.parse(preflight.body), {
    Findings: [{ What: 'conmon', Why: 'it is missing', Remedy: 'install it', Fatal: true }],
  });
  const doctor = await send(api.socket, 'GET', '/outboard/v1/doctor');
  assert.deepEqual(JSON.parse(doctor.body), {
    Checks: [{ Name: 'kernel', Status: 'ok', Message: '6.1', Remedy: '' }],
  });
});
