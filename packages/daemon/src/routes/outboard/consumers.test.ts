import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutboardError } from '@outboard/engine';
import type { Consumers } from '@outboard/gateway';
import { send } from '../../testing/raw-http.ts';
import { scriptEngine } from '../../testing/scripted-engine.ts';
import { startTestApi } from '../../testing/test-api.ts';

const path = '/outboard/v1/consumers';

function post(socket: string, target: string, options?: object) {
  const body = options === undefined ? {} : { body: JSON.stringify(options) };
  return send(socket, 'POST', `${path}${target}`, {
    ...body,
    headers: { 'Content-Type': 'application/json' },
  });
}

/** Connections that record their calls. */
function recordedConsumers() {
  const calls: unknown[] = [];
  const change =
    (action: string): Consumers['connect'] =>
    async (kind, options, { isDryRun } = {}) => {
      if (kind !== 'podman') throw new OutboardError('not-found', `unknown consumer "${kind}"`);
      calls.push([action, options, isDryRun]);
      return {
        description: 'Podman 4.3.1',
        files: [
          { path: '/etc/a', state: 'written', content: 'x' },
          { path: '/etc/b', state: 'left', reason: 'it was changed by hand' },
        ],
        notes: ['a note'],
      };
    };
  const consumers: Consumers = {
    kinds: ['podman'],
    list: () => [
      { kind: 'podman', options: { prefix: '/mnt', timeout: 3 }, since: new Date(0), files: ['/etc/a'] },
    ],
    connect: change('connect'),
    disconnect: change('disconnect'),
    refresh: async () => {},
    onChange: () => () => {},
    settled: async () => {},
    async [Symbol.asyncDispose]() {},
  };
  return { calls, consumers };
}

test('GET /consumers lists kinds, and connections with their options and files', async () => {
  const { consumers } = recordedConsumers();
  await using api = await startTestApi(scriptEngine({}), { consumers });
  const { status, body } = await send(api.socket, 'GET', path);
  assert.equal(status, 200);
  assert.deepEqual(JSON.parse(body), {
    Kinds: ['podman'],
    Connections: [
      {
        Kind: 'podman',
        Prefix: '/mnt',
        Timeout: 3,
        Since: '1970-01-01T00:00:00.000Z',
        Files: ['/etc/a'],
      },
    ],
  });
});

test('POST …/connect and …/disconnect hand over the options, and answer each file', async () => {
  const { consumers, calls } = recordedConsumers();
  await using api = await startTestApi(scriptEngine({}), { consumers });
  const options = { Prefix: '/mnt', Timeout: 3 };
  const { status, body } = await post(api.socket, '/podman/connect?dryRun=1', options);
  assert.equal(status, 200, body);
  assert.deepEqual(JSON.parse(body), {
    Description: 'Podman 4.3.1',
    Files: [
      { Path: '/etc/a', State: 'written', Reason: '', Content: 'x' },
      { Path: '/etc/b', State: 'left', Reason: 'it was changed by hand', Content: '' },
    ],
    Notes: ['a note'],
  });
  assert.equal((await post(api.socket, '/podman/disconnect')).status, 200);
  assert.deepEqual(calls, [
    ['connect', { prefix: '/mnt', timeout: 3 }, true],
    ['disconnect', {}, false],
  ]);
});

test('unknown kinds are 404, misspelt options 400, and without a gateway it is 409', async () => {
  const { consumers } = recordedConsumers();
  await using api = await startTestApi(scriptEngine({}), { consumers });
  assert.equal((await post(api.socket, '/cron/connect', {})).status, 404);
  assert.equal((await post(api.socket, '/podman/connect', { Prefx: '/' })).status, 400);
  await using off = await startTestApi(scriptEngine({}));
  const { status, body } = await post(off.socket, '/podman/connect', {});
  assert.equal(status, 409);
  assert.match(body, /the gateway is off/);
  assert.deepEqual(JSON.parse((await send(off.socket, 'GET', path)).body), { Kinds: [], Connections: [] });
});
