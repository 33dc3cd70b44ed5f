import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Volumes } from '@outboard/engine';
import { send } from '../../testing/raw-http.ts';
import { scriptEngine } from '../../testing/scripted-engine.ts';
import { startTestApi } from '../../testing/test-api.ts';

const json = { 'Content-Type': 'application/json' };

/** An API whose volumes note their calls. */
async function startApi() {
  const calls: unknown[] = [];
  const engine = scriptEngine({});
  const script: Pick<Volumes, 'mount' | 'unmount'> = {
    async mount(name, holder, { driver, consumer } = {}) {
      calls.push(['mount', name, holder, driver, consumer?.pid, consumer?.isByHand]);
      return `/host/${name}`;
    },
    unmount: async (name, holder, { driver } = {}) => void calls.push(['unmount', name, holder, driver]),
  };
  const api = await startTestApi({ ...engine, volumes: { ...engine.volumes, ...script } });
  return { ...api, calls };
}

test('POST …/mount answers the path and the holder, and notes who called; POST …/unmount answers nothing', async () => {
  await using api = await startApi();
  const body = '{"Holder":"web","Driver":"acme/p"}';
  const path = '/outboard/v1/volumes/a%2Fb';
  const mounted = await send(api.socket, 'POST', `${path}/mount`, { headers: json, body });
  assert.deepEqual([mounted.status, mounted.body], [200, '{"Mountpoint":"/host/a/b","Holder":"web"}\n']);
  const unmounted = await send(api.socket, 'POST', `/v1.41${path}/unmount`, { headers: json, body });
  assert.deepEqual([unmounted.status, unmounted.body], [204, '']);
  assert.deepEqual(api.calls, [
    ['mount', 'a/b', 'web', 'acme/p', process.pid, true],
    ['unmount', 'a/b', 'web', 'acme/p'],
  ]);
});

test('the default holder is the same for both calls: the unit of the caller, else its user', async () => {
  await using api = await startApi();
  const { body } = await send(api.socket, 'POST', '/outboard/v1/volumes/data/mount', { body: '' });
  const { Holder: holder }: { readonly Holder: string } = JSON.parse(body);
  assert.match(holder, /^uid-\d+$|\.(service|scope)$/);
  await send(api.socket, 'POST', '/outboard/v1/volumes/data/unmount', { headers: json, body: '{}' });
  assert.deepEqual(api.calls.at(-1), ['unmount', 'data', holder, undefined]);
});

for (const [body, message] of [
  ['[]', 'invalid JSON: expected an object'],
  ['{"Holder":1}', 'invalid JSON: field "Holder": expected a string or null'],
  ['{"Holdr":"web"}', 'unknown field "Holdr": expected one of "Holder", "Driver"'],
] as const) {
  test(`POST …/mount refuses ${body}`, async () => {
    await using api = await startApi();
    const path = '/outboard/v1/volumes/data/mount';
    const response = await send(api.socket, 'POST', path, { headers: json, body });
    assert.deepEqual([response.status, JSON.parse(response.body)], [400, { message }]);
    assert.deepEqual(api.calls, []);
  });
}
