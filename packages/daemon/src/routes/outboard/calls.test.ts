import assert from 'node:assert/strict';
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { OutboardError } from '@outboard/engine';
import type { CallQuery } from '@outboard/gateway';
import { scriptEngine } from '../../testing/scripted-engine.ts';
import { startTestApi } from '../../testing/test-api.ts';

async function get(query: string, seen: CallQuery[] = []) {
  await using api = await startTestApi(scriptEngine({}), {
    calls: {
      read(wanted) {
        seen.push(wanted);
        if (wanted.plugin === 'none') throw new OutboardError('not-found', 'plugin "none" not found');
        return lines();
      },
    },
  });
  return await new Promise<{ status: number; type: string; body: Buffer }>((resolve, reject) => {
    request({ socketPath: api.socket, path: `/v1.51/outboard/v1/calls?${query}` }, (response) => {
      const { statusCode = 0, headers } = response;
      const type = headers['content-type'] ?? '';
      buffer(response).then((body) => resolve({ status: statusCode, type, body }), reject);
    })
      .on('error', reject)
      .end();
  });
}

async function* lines() {
  const content = Buffer.from('{"Method":"VolumeDriver.Get"}');
  yield [{ stream: 'stdout' as const, timeNano: 1n, content, isComplete: true }];
}

test('each call is a frame with a line of JSON', async () => {
  const { status, type, body } = await get('');
  assert.deepEqual([status, type], [200, 'application/vnd.docker.multiplexed-stream']);
  assert.deepEqual([...body.subarray(0, 8)], [1, 0, 0, 0, 0, 0, 0, 30]);
  assert.equal(body.toString('utf8', 8), '{"Method":"VolumeDriver.Get"}\n');
});

test('the parameters select calls as those of a log select lines', async () => {
  const seen: CallQuery[] = [];
  await get('plugin=acme%2Fp:1&follow=1&since=5&until=6.5&tail=7', seen);
  await get('tail=all', seen);
  assert.deepEqual(seen, [
    { plugin: 'acme/p:1', follow: true, tail: 7, sinceNano: 5_000_000_000n, untilNano: 6_500_000_000n },
    { plugin: undefined, follow: false, tail: undefined, sinceNano: undefined, untilNano: undefined },
  ]);
});

test('an unknown plugin is answered 404, and a malformed parameter 400', async () => {
  assert.equal((await get('plugin=none')).status, 404);
  const { status, body } = await get('since=yesterday');
  assert.equal(status, 400);
  assert.match(JSON.parse(body.toString()).message, /^invalid value for "since"/);
});
