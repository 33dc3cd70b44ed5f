import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutboardError, type PluginReference } from '@outboard/engine';
import { send } from '../../testing/raw-http.ts';
import { samplePlugin, scriptEngine } from '../../testing/scripted-engine.ts';
import { startTestApi } from '../../testing/test-api.ts';

const path = '/outboard/v1/plugins/reg:5000/acme/p:v1/uses';

/** An API over one plugin, `reg:5000/acme/p:v1`, and the calls that change its references. */
async function startApi(uses: readonly PluginReference[] = []) {
  const calls: unknown[] = [];
  const plugin = samplePlugin({ name: 'reg:5000/acme/p:v1' });
  const engine = scriptEngine({
    inspect(name) {
      if (name === plugin.name) return plugin;
      throw new OutboardError('not-found', `plugin ${JSON.stringify(name)} not found`);
    },
    references: {
      of: (id) => (id === plugin.id ? uses : []),
      add: async (id, use) => void calls.push(['add', id === plugin.id, use]),
      remove: async (id, use) => void calls.push(['remove', id === plugin.id, use]),
      addSource: () => {},
      refresh: async () => {},
    },
  });
  return { ...(await startTestApi(engine)), calls };
}

const json = { 'Content-Type': 'application/json' };

test('GET …/uses lists the references to a plugin', async () => {
  await using api = await startApi([
    { kind: 'volume', holder: 'data', since: new Date('2026-08-01T12:00:00Z') },
    {
      kind: 'mount',
      holder: 'data/web',
      since: new Date('2026-08-02T12:00:00Z'),
      consumer: { unit: 'web.service', isByHand: true },
    },
  ]);
  const response = await send(api.socket, 'GET', path);
  assert.equal(response.status, 200);
  assert.deepEqual(JSON.parse(response.body), {
    Uses: [
      {
        Kind: 'volume',
        Holder: 'data',
        Since: '2026-08-01T12:00:00.000Z',
        Description: 'volume data (since 2026-08-01T12:00:00.000Z)',
      },
      {
        Kind: 'mount',
        Holder: 'data/web',
        Since: '2026-08-02T12:00:00.000Z',
        Consumer: { Unit: 'web.service', ByHand: true },
        Description: 'volume data mounted by hand for web (unit web.service, since 2026-08-02T12:00:00.000Z)',
      },
    ],
  });
});

test('POST …/uses adds the reference of a client, and DELETE removes it', async () => {
  await using api = await startApi();
  for (const body of ['{"Holder":"podman"}', '{"Kind":"client","Holder":"podman"}']) {
    assert.equal((await send(api.socket, 'POST', path, { headers: json, body })).status, 204);
  }
  assert.equal((await send(api.socket, 'DELETE', `/v1.41${path}?holder=podman`)).status, 204);
  const reference = { kind: 'client', holder: 'podman' };
  assert.deepEqual(api.calls, [
    ['add', true, reference],
    ['add', true, reference],
    ['remove', true, reference],
  ]);
});

for (const [body, message] of [
  ['', 'invalid JSON: expected an object'],
  ['[]', 'invalid JSON: expected an object'],
  ['{}', 'invalid JSON: field "Holder": expected a string'],
  ['{"Holder":1}', 'invalid JSON: field "Holder": expected a string'],
  ['{"Kind":"volume","Holder":"v"}', 'invalid JSON: field "Kind": expected "client"'],
  ['{"Holders":"v"}', 'unknown field "Holders": expected one of "Kind", "Holder"'],
] as const) {
  test(`POST …/uses refuses ${body || 'an empty body'}`, async () => {
    await using api = await startApi();
    const response = await send(api.socket, 'POST', path, { headers: json, body });
    assert.equal(response.status, 400);
    assert.deepEqual(JSON.parse(response.body), { message });
    assert.deepEqual(api.calls, []);
  });
}

test('DELETE …/uses without a holder is answered 400', async () => {
  await using api = await startApi();
  assert.equal((await send(api.socket, 'DELETE', path)).status, 400);
  assert.deepEqual(api.calls, []);
});

for (const method of ['GET', 'POST', 'DELETE'] as const) {
  test(`${method} …/uses of an unknown plugin is answered 404`, async () => {
    await using api = await startApi();
    const target = '/outboard/v1/plugins/other/uses?holder=podman';
    const request = method === 'POST' ? { headers: json, body: '{"Holder":"podman"}' } : {};
    const response = await send(api.socket, method, target, request);
    assert.equal(response.status, 404);
    assert.equal(response.body, '{"message":"plugin \\"other\\" not found"}\n');
  });
}
