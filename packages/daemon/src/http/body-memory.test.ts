/**
 * Memory of request bodies over all requests together.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withResolvers } from '@outboard/async';
import { openConnection, send } from '../testing/raw-http.ts';
import { scriptEngine } from '../testing/scripted-engine.ts';
import { startTestApi } from '../testing/test-api.ts';
import type { Authorize } from './authorize.ts';
import { createBodyMemory } from './body-memory.ts';

const kibibyte = 1024;
const headers = { 'Content-Type': 'application/json' };
const document = (bytes: number) => JSON.stringify([`A=${'x'.repeat(bytes - 6)}`]);
const engine = () => scriptEngine({ set: async () => {}, inspect: () => assert.fail('no secret is set') });
const set = (endpoint: string | number, bytes: number) =>
  send(endpoint, 'POST', '/plugins/p/set', { headers, body: document(bytes), host: 'localhost' });

/** Holds the bodies of the first requests, as while authorization plugins think. */
function holdBodies(count: number) {
  const held = withResolvers<void>();
  const go = withResolvers<void>();
  let left = count;
  const authorize: Authorize = async ({ body }, respond) => {
    try {
      await body.buffer(4 * 1024 * kibibyte);
    } finally {
      left -= 1;
      if (left === 0) held.resolve();
    }
    if (left >= 0) await go.promise;
    return respond();
  };
  return { authorize, held: held.promise, go: () => go.resolve() };
}

describe('D04 D05 bodies that are held at once', () => {
  test('are refused with 503 and Retry-After beyond the bound, until others are answered', async () => {
    const { authorize, held, go } = holdBodies(2);
    await using api = await startTestApi(engine(), { authorize, maxBodyMemory: 1024 * kibibyte });
    const first = [set(api.socket, 400 * kibibyte), set(api.socket, 500 * kibibyte)];
    await held;
    const refused = await set(api.socket, 200 * kibibyte);
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get('retry-after'), '1');
    assert.match(refused.body, /too many request bodies are held at once: want at most 1048576 bytes/);
    // Small requests go on.
    assert.equal((await set(api.socket, 100)).status, 204);
    assert.equal((await send(api.socket, 'GET', '/_ping')).status, 200);
    go();
    for (const answer of await Promise.all(first)) assert.equal(answer.status, 204);
    assert.equal((await set(api.socket, 900 * kibibyte)).status, 204);
  });

  test('leave a part of the memory to unix sockets', async () => {
    await using api = await startTestApi(engine(), { maxBodyMemory: 1024 * kibibyte });
    assert.equal((await set(api.port, 800 * kibibyte)).status, 503);
    assert.equal((await set(api.port, 700 * kibibyte)).status, 204);
    assert.equal((await set(api.socket, 800 * kibibyte)).status, 204);
  });

  test('give their memory back when the client goes away', async () => {
    const { authorize, held } = holdBodies(1);
    await using api = await startTestApi(engine(), { authorize, maxBodyMemory: 1024 * kibibyte });
    const socket = await openConnection(api.socket);
    socket.write(
      `POST /plugins/p/set HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n`,
    );
    await new Promise<void>((resolve) => {
      socket.write(document(900 * kibibyte), () => resolve());
    });
    socket.destroy();
    await held;
    assert.equal((await set(api.socket, 900 * kibibyte)).status, 204);
  });

  test('must arrive within a time limit, whatever their pauses', async () => {
    await using api = await startTestApi(engine(), { maxDocumentMs: 0 });
    const answer = await set(api.socket, 100);
    assert.equal(answer.status, 408);
    assert.match(answer.body, /did not arrive within 0 seconds/);
  });
});

test('createBodyMemory() counts each request once, and gives back what it took before a refusal', () => {
  const memory = createBodyMemory(100);
  {
    using a = memory.open(false);
    a.take(60);
    using b = memory.open(false);
    b.take(40);
    assert.throws(() => b.take(1), { status: 503, retryAfterSeconds: 1 });
  }
  using c = memory.open(true);
  c.take(75);
  assert.throws(() => c.take(1), { status: 503 });
});

test('D04 connections beyond the setting are closed, on each listener apart', async () => {
  await using api = await startTestApi(engine(), { maxConnections: { unix: 2, tcp: 1 } });
  const idle = await Promise.all([openConnection(api.port), openConnection(api.socket)]);
  await send(api.port, 'GET', '/_ping', { host: 'localhost' }).then(
    ({ status }) => assert.ok(Number.isNaN(status) || status === 0, `answered ${status}`),
    () => undefined,
  );
  assert.equal((await send(api.socket, 'GET', '/_ping')).status, 200);
  for (const socket of idle) socket.destroy();
});
