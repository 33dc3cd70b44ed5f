import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, type ClientRequest, type RequestListener, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, type TestContext, test } from 'node:test';
import { openListeningSocket } from '@outboard/engine';
import { openPluginServer } from './plugin-server.ts';

/** A server, and the requests that it has got. */
async function openServer(
  context: TestContext,
  handle: RequestListener = (_, response) => response.end('ok'),
) {
  const directory = mkdtempSync(join(tmpdir(), 'ob-drain-'));
  context.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 's');
  const descriptor = openListeningSocket(path, { mode: 0o600, backlog: 16 });
  const urls: (string | undefined)[] = [];
  const server = await openPluginServer(
    descriptor,
    (incoming, response) => {
      urls.push(incoming.url);
      handle(incoming, response);
    },
    (error) => assert.fail(error),
  );
  const agent = new Agent({ keepAlive: true });
  context.after(() => agent.destroy());
  const call = (url = '/'): ClientRequest =>
    request({ socketPath: path, path: url, method: 'POST', agent }).end();
  return { server, path, urls, call };
}

const never = new AbortController().signal;

describe('a server that ends', () => {
  test('answers the next request of a client that calls again and again, as the last one', async (context) => {
    const { server, call } = await openServer(context);
    const [first] = await once(call(), 'response');
    await text(first);
    const closed = server.close(undefined, never);
    const again = call();
    const [response] = await once(again, 'response');
    assert.equal(again.reusedSocket, true);
    assert.equal(response.headers.connection, 'close');
    assert.equal(await text(response), 'ok');
    await closed;
  });

  test('answers a request that was written at the last moment, whole, and no part of it is lost', async (context) => {
    const { server, path } = await openServer(context);
    const client = connect({ path, allowHalfOpen: true });
    await once(client, 'connect');
    const closed = server.close(undefined, never);
    client.write('POST /1 HTTP/1.1\r\nHost: p\r\nContent-Length: 2\r\n\r\n{');
    client.write('}');
    assert.match(await text(client), /^HTTP\/1\.1 200 OK\r\n(.+\r\n)*Connection: close\r\n(.+\r\n)*\r\nok$/);
    await closed;
  });

  test('closes a connection that stays idle, so that a later write fails before a byte is sent', async (context) => {
    const { server, path, urls } = await openServer(context);
    const client = connect({ path, allowHalfOpen: true });
    await once(client, 'connect');
    await server.close(undefined, never);
    const failed = once(client, 'error');
    client.write('POST /late HTTP/1.1\r\nHost: p\r\n\r\n');
    const [error] = await failed;
    assert.equal(error.code, 'EPIPE');
    assert.deepEqual(urls, []);
  });

  test('waits for a request in flight, and makes its answer the last one', async (context) => {
    const { server, call } = await openServer(context, (_, response) => {
      void server.close(undefined, never);
      response.end('ok');
    });
    const [response] = await once(call(), 'response');
    assert.equal(response.headers.connection, 'close');
    assert.equal(await text(response), 'ok');
  });

  test('cuts a request in flight when its time is over', async (context) => {
    const cut = new AbortController();
    const { server, call } = await openServer(context, () => void cut.abort());
    const sent = call();
    const failed = once(sent, 'error');
    await server.close(undefined, cut.signal);
    const [error] = await failed;
    assert.equal(error.code, 'ECONNRESET');
  });

  test('does not wait for the end of a stream of log lines', async (context) => {
    const { server, call } = await openServer(context, (_, response) => void response.write('line'));
    const [response] = await once(call('/LogDriver.ReadLogs'), 'response');
    await server.close(undefined, never);
    await assert.rejects(text(response), { code: 'ECONNRESET' });
  });

  test('hands idle connections over, and reads nothing of them', async (context) => {
    const { server, call, urls } = await openServer(context);
    const [first] = await once(call(), 'response');
    await text(first);
    const given: number[] = [];
    await server.close(async (descriptors) => {
      given.push(...descriptors);
      return true;
    }, never);
    assert.equal(given.length, 1);
    assert.deepEqual(urls, ['/']);
  });

  test('serves on a connection that cannot be handed over', async (context) => {
    const { server, call } = await openServer(context);
    const [first] = await once(call(), 'response');
    await text(first);
    const closed = server.close(async () => false, never);
    const [response] = await once(call(), 'response');
    assert.equal(await text(response), 'ok');
    await closed;
  });
});
