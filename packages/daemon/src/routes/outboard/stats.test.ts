import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { test } from 'node:test';
import { OutboardError, type PluginStats } from '@outboard/engine';
import { send } from '../../testing/raw-http.ts';
import { scriptEngine } from '../../testing/scripted-engine.ts';
import { startTestApi } from '../../testing/test-api.ts';

const figures: PluginStats = {
  id: 'a'.repeat(64),
  name: 'acme/p:v1',
  readAt: new Date('2026-08-01T12:00:00Z'),
  cpuSeconds: 1.5,
  memoryBytes: 100,
  outOfMemoryKills: 2,
  tasks: 3,
  receivedBytes: 2048,
  sentBytes: 0,
};

/** An API over an engine that records the requested plugins. @param later error of the second call; default: the plugin is removed */
async function startApi(later = new OutboardError('not-found', 'plugin "acme/p:v1" not found')) {
  const asked: (readonly string[] | undefined)[] = [];
  const engine = scriptEngine({
    async stats(names) {
      asked.push(names);
      if (asked.length > 1) throw later;
      return [figures];
    },
  });
  return { ...(await startTestApi(engine)), asked };
}

for (const [path, names] of [
  ['/outboard/v1/stats', undefined],
  ['/outboard/v1/stats?plugin=acme/p:v1&plugin=q', ['acme/p:v1', 'q']],
  ['/outboard/v1/plugins/acme/p:v1/stats', ['acme/p:v1']],
] as const) {
  test(`GET ${path} answers one reading of the available figures`, async () => {
    await using api = await startApi();
    const response = await send(api.socket, 'GET', path);
    assert.equal(response.status, 200);
    const { HostMemoryBytes, Plugins } = JSON.parse(response.body);
    assert.equal(HostMemoryBytes > 1e6, true, 'a host has memory');
    assert.deepEqual(Plugins, [
      {
        Id: figures.id,
        Name: 'acme/p:v1',
        Read: '2026-08-01T12:00:00.000Z',
        CpuSeconds: 1.5,
        MemoryBytes: 100,
        OOMKills: 2,
        Pids: 3,
        NetworkReceivedBytes: 2048,
        NetworkSentBytes: 0,
      },
    ]);
    assert.deepEqual(api.asked, [names]);
  });
}

test('GET /outboard/v1/stats?stream=1 sends the first line at once, and ends when a plugin is removed', async () => {
  await using api = await startApi();
  const response = await send(api.socket, 'GET', '/outboard/v1/stats?stream=1&plugin=acme/p:v1');
  assert.equal(response.status, 200);
  assert.deepEqual(
    response.body.split('\n').map((line) => (line === '' ? line : JSON.parse(line).Plugins[0].Name)),
    ['acme/p:v1', ''],
  );
  assert.equal(api.asked.length, 2);
});

test('a host error during a stream closes the connection and is logged', async () => {
  await using api = await startApi(new OutboardError('system', 'cannot read the mount table'));
  const call = request({ socketPath: api.socket, path: '/outboard/v1/stats?stream=1' }).end();
  const [response] = await once(call, 'response');
  response.resume();
  await assert.rejects(once(response, 'close'), { code: 'ECONNRESET' });
  assert.equal(response.complete, false, 'the answer looks complete');
  assert.match(String(api.log.at(-1)?.error), /cannot read the mount table/);
});

test('a disconnect of the client ends the readings for its stream', async () => {
  await using api = await startApi();
  const call = request({ socketPath: api.socket, path: '/outboard/v1/stats?stream=1' }).end();
  const [response] = await once(call, 'response');
  await once(response, 'data');
  call.destroy();
  while (api.log.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(api.asked.length, 1);
});
