/**
 * Secrets on the wire: who is shown them, and what is accepted in place of them.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Plugin, parsePluginConfig, type SetOptions } from '@outboard/engine';
import { type Endpoint, send } from '../../testing/raw-http.ts';
import { scriptEngine } from '../../testing/scripted-engine.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

const { config } = parsePluginConfig(
  Buffer.from(JSON.stringify({ Env: [{ Name: 'PASSWORD', Settable: ['value'], Value: '' }] })),
);

const plugin: Plugin = {
  id: 'a'.repeat(64),
  name: 'acme/p:latest',
  enabled: false,
  config,
  settings: { mounts: [], devices: [], args: [], env: ['PASSWORD=canary'] },
};

type SetCall = readonly [plugin: string, args: readonly string[], options?: SetOptions | undefined];

async function serve(): Promise<{ readonly api: TestApi; readonly calls: readonly SetCall[] }> {
  const calls: SetCall[] = [];
  const engine = scriptEngine({
    inspect: () => plugin,
    inspectDamaged: () => undefined,
    list: () => [plugin],
    damaged: () => [],
    set: async (...call) => void calls.push(call),
  });
  return { api: await startTestApi(engine), calls };
}

const headers = { 'Content-Type': 'application/json' };
/** Over TCP, a host that the daemon knows is its own. */
const local = { Host: 'localhost' };

function post(endpoint: Endpoint, path: string, body: unknown) {
  return send(endpoint, 'POST', path, { headers, body: JSON.stringify(body) });
}

describe('D17 secrets in GET /plugins/{name}/json', () => {
  test('are *** for everyone, and shown to root on a unix socket who asks for them', async () => {
    const { api } = await serve();
    await using _api = api;
    for (const where of [api.socket, api.port]) {
      for (const path of ['/plugins', '/plugins/acme/p/json', '/v1.41/plugins/acme/p/json?secrets=0']) {
        const shown = await send(where, 'GET', path, { headers: local });
        assert.equal(shown.status, 200);
        assert.match(shown.body, /"Env":\["PASSWORD=\*\*\*"\]/);
      }
    }
    const byTcp = await send(api.port, 'GET', '/plugins/acme/p/json?secrets=1', { headers: local });
    assert.equal(byTcp.status, 403);
    assert.ok(!byTcp.body.includes('canary'));
    const asked = await send(api.socket, 'GET', '/plugins/acme/p/json?secrets=1');
    if (process.getuid?.() === 0) assert.match(asked.body, /"Env":\["PASSWORD=canary"\]/);
    else assert.equal(asked.status, 403);
  });
});

describe('POST /outboard/v1/plugins/{name}/settings', () => {
  const path = '/outboard/v1/plugins/acme/p/settings';

  test('passes sources and declarations on; the route of Docker takes literal values', async () => {
    const { api, calls } = await serve();
    await using _api = api;
    const where = api.socket;
    const body = { Settings: ['PASSWORD=@file:/x'], Secret: ['A'], NotSecret: ['B'] };
    assert.equal((await post(where, path, body)).status, 204);
    assert.equal((await post(where, '/plugins/acme/p/set', body.Settings)).status, 204);
    assert.deepEqual(calls, [
      ['acme/p', body.Settings, { secret: ['A'], notSecret: ['B'], readsSources: true }],
      ['acme/p', body.Settings],
    ]);
  });

  test('D18 refuses *** for a secret, as a client sends it that writes back what it was shown', async () => {
    const { api, calls } = await serve();
    await using _api = api;
    const where = api.socket;
    for (const setting of ['PASSWORD=***', 'PASSWORD.value=***']) {
      const own = await post(where, path, { Settings: [setting] });
      const docker = await post(where, '/plugins/acme/p/set', ['X=1', setting]);
      for (const { status, body: answer } of [own, docker]) {
        assert.equal(status, 400);
        assert.match(answer, /cannot set \\"PASSWORD\\": \*\*\* is shown in place of its value/);
      }
    }
    assert.deepEqual(calls, []);
    // A mask of something that is no secret.
    assert.equal((await post(where, '/plugins/acme/p/set', ['MASK=***'])).status, 204);
  });

  test('D18 refuses NUL and bodies that are no settings', async () => {
    const { api, calls } = await serve();
    await using _api = api;
    for (const body of [{ Settings: ['A=\0'] }, { Settings: 'A=1' }, { Settings: [1] }, [], 7]) {
      assert.equal((await post(api.socket, path, body)).status, 400);
    }
    assert.deepEqual(calls, []);
  });
});
