import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AdoptRequest, OutboardError } from '@outboard/engine';
import { send } from '../../testing/raw-http.ts';
import { scriptEngine } from '../../testing/scripted-engine.ts';
import { startTestApi } from '../../testing/test-api.ts';

function post(socket: string, body: object, query = '') {
  return send(socket, 'POST', `/outboard/v1/adopt${query}`, {
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' },
  });
}

test('POST /adopt passes the choices on, and answers with the result for each plugin', async () => {
  const requests: Omit<AdoptRequest, 'signal'>[] = [];
  const engine = scriptEngine({
    async adopt({ signal: _signal, ...request }) {
      requests.push(request);
      return [
        { id: 'a', name: 'acme/p:v1', outcome: 'adopted', isEnabled: true, warnings: ['w'] },
        { id: 'b', outcome: 'refused', reason: 'no record', isEnabled: false, warnings: [] },
      ];
    },
  });
  await using api = await startTestApi(engine);
  const { status, body } = await post(
    api.socket,
    { Directory: '/d', Plugins: ['p'], Force: true },
    '?dryRun=1',
  );
  assert.equal(status, 200);
  assert.deepEqual(JSON.parse(body), {
    Plugins: [
      { Id: 'a', Name: 'acme/p:v1', Outcome: 'adopted', Enabled: true, Warnings: ['w'] },
      { Id: 'b', Outcome: 'refused', Reason: 'no record', Enabled: false, Warnings: [] },
    ],
  });
  await post(api.socket, { Directory: '/d' });
  assert.deepEqual(requests, [
    { directory: '/d', plugins: ['p'], force: true, isDryRun: true },
    { directory: '/d', plugins: [], force: false, isDryRun: false },
  ]);
});

test('POST /adopt refuses a body that it does not understand, and tells that Docker runs', async () => {
  const engine = scriptEngine({
    adopt: () =>
      Promise.reject(new OutboardError('conflict', 'a Docker Engine uses it', { code: 'docker-runs' })),
  });
  await using api = await startTestApi(engine);
  for (const body of [{}, { Directory: '' }, { Directory: '/d', Names: [] }]) {
    assert.equal((await post(api.socket, body)).status, 400, JSON.stringify(body));
  }
  const { status, body } = await post(api.socket, { Directory: '/d' });
  assert.deepEqual([status, JSON.parse(body)], [409, { message: 'a Docker Engine uses it' }]);
});
