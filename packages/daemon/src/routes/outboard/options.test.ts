import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutboardError, type PluginOptionsPatch } from '@outboard/engine';
import { send } from '../../testing/raw-http.ts';
import { scriptEngine } from '../../testing/scripted-engine.ts';
import { startTestApi } from '../../testing/test-api.ts';

const path = '/outboard/v1/plugins/acme/p:v1/options';
const headers = { 'Content-Type': 'application/json' };

/** An API over an engine that records updates. */
async function startApi() {
  const updates: (readonly [string, PluginOptionsPatch])[] = [];
  const engine = scriptEngine({
    options: () => ({
      inForce: { limits: { memoryBytes: 1e8, pids: 5 } },
      overrides: { limits: { pids: 5 } },
      author: { limits: { memoryBytes: 1e8 } },
    }),
    async update(name, patch) {
      if (name !== 'acme/p:v1') throw new OutboardError('not-found', `plugin "${name}" not found`);
      updates.push([name, patch]);
      return ['later'];
    },
  });
  return { ...(await startTestApi(engine)), updates };
}

test('GET …/options answers the options in force, the overrides and the options of the author', async () => {
  await using api = await startApi();
  const response = await send(api.socket, 'GET', path);
  assert.equal(response.status, 200);
  assert.deepEqual(JSON.parse(response.body), {
    Options: { Limits: { MemoryBytes: 1e8, Pids: 5 } },
    Overrides: { Limits: { Pids: 5 } },
    Author: { Limits: { MemoryBytes: 1e8 } },
  });
});

test('POST …/options updates the options in its body and answers the warnings', async () => {
  await using api = await startApi();
  const body = JSON.stringify({ Limits: { Pids: null }, StopTimeoutSeconds: 3 });
  const response = await send(api.socket, 'POST', path, { headers, body });
  assert.equal(response.status, 200, response.body);
  assert.deepEqual(JSON.parse(response.body), { Warnings: ['later'] });
  assert.deepEqual(api.updates, [['acme/p:v1', { limits: { pids: null }, stopTimeoutSeconds: 3 }]]);
});

test('POST …/options accepts the SecurityOpt of Docker', async () => {
  await using api = await startApi();
  const SecurityOpt = ['seccomp=unconfined', 'no-new-privileges=false'];
  const body = JSON.stringify({ SecurityOpt, Security: { ReadOnlyRootfs: true } });
  await send(api.socket, 'POST', path, { headers, body });
  const security = { readOnlyRootfs: true, seccomp: 'unconfined', noNewPrivileges: false };
  assert.deepEqual(api.updates, [['acme/p:v1', { security }]]);
});

for (const [name, body, message] of [
  ['an empty body', '', /expected an object, got nothing/],
  ['an unknown field', '{"Memory": 1}', /unknown key "Memory"/],
  [
    'security options that are not strings',
    '{"SecurityOpt": [1]}',
    /field "SecurityOpt\[0\]": expected a string/,
  ],
  ['an unknown security option', '{"SecurityOpt": ["label=x"]}', /invalid security option "label=x"/],
] as const) {
  test(`POST …/options refuses ${name}`, async () => {
    await using api = await startApi();
    const response = await send(api.socket, 'POST', path, { headers, body });
    assert.equal(response.status, 400);
    assert.match(JSON.parse(response.body).message, message);
    assert.deepEqual(api.updates, []);
  });
}
