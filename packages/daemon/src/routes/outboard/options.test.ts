import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutboardError, type PluginOptionsPatch } from '@outboard/engine';
import { send } from '../../testing/raw-http.ts';
import { scriptEngine } from '../../testing/scripted-engine.ts';
import { startTestApi } from '../../testing/test-api.ts';

const path = '/outboard/v1/plugins/acme/p:v1/options';
const headers = { 'Content-Type': 'application/json' };

/** An API that notes what it is asked to change. */
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

test('GET …/options tells what is in force and who decided so', async () => {
  await using api = await startApi();
  const response = await send(api.socket, 'GET', path);
  assert.equal(response.status, 200);
  assert.deepEqual(JSON.parse(response.body), {
    Options: { Limits: { MemoryBytes: 1e8, Pids: 5 } },
    Overrides: { Limits: { Pids: 5 } },
    Author: { Limits: { MemoryBytes: 1e8 } },
  });
});

test('POST …/options changes what its body names, and tells what is not in force yet', async () => {
  await using api = await startApi();
  const body = JSON.stringify({ Limits: { Pids: null }, StopTimeoutSeconds: 3 });
  const response = await send(api.socket, 'POST', path, { headers, body });
  assert.equal(response.status, 200, response.body);
  assert.deepEqual(JSON.parse(response.body), { Warnings: ['later'] });
  assert.deepEqual(api.updates, [['acme/p:v1', { limits: { pids: null }, stopTimeoutSeconds: 3 }]]);
});

test('POST …/options takes security in the words of Docker', async () => {
  await using api = await startApi();
  const SecurityOpt = ['seccomp=unconfined', 'no-new-privileges=false'];
  const body = JSON.stringify({ SecurityOpt, Security: { ReadOnlyRootfs: true } });
  await send(api.socket, 'POST', path, { headers, body });
  const security = { readOnlyRootfs: true, seccomp: 'unconfined', noNewPrivileges: false };
  assert.deepEqual(api.updates, [['acme/p:v1', { security }]]);
});

for (const [name, body, message] of [
  ['nothing', '', /expected an object, got nothing/],
  ['an unknown field', '{"Memory": 1}', /unknown key "Memory"/],
  ['security texts that are none', '{"SecurityOpt": [1]}', /field "SecurityOpt\[0\]": expected a string/],
  ['an unknown security text', '{"SecurityOpt": ["label=x"]}', /invalid security option "label=x"/],
] as const) {
  test(`POST …/options refuses ${name}`, async () => {
    await using api = await startApi();
    const response = await send(api.socket, 'POST', path, { headers, body });
    assert.equal(response.status, 400);
    assert.match(JSON.parse(response.body).message, message);
    assert.deepEqual(api.updates, []);
  });
}
