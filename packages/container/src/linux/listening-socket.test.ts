import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openListeningSocket, pathOfSocket, stopReceiving } from './listening-socket.ts';

function temporaryPath(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'ob-listen-'));
  context.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'p.sock');
}

test('openListeningSocket() queues connections, which whoever takes the descriptor accepts', async (context) => {
  const path = temporaryPath(context);
  const descriptor = openListeningSocket(path, { mode: 0o620, backlog: 8 });
  assert.equal((statSync(path).mode & 0o7777).toString(8), '620');
  assert.equal(pathOfSocket(descriptor), path);
  const client = connect(path);
  await once(client, 'connect');
  const server = createServer((socket) => socket.end('served'));
  server.listen({ fd: descriptor });
  const [bytes] = await once(client, 'data');
  assert.equal(String(bytes), 'served');
  server.close();
  await once(server, 'close');
  assert.ok(existsSync(path), 'the socket was deleted with its server');
});

test('openListeningSocket() leaves nothing when it fails', (context) => {
  const path = temporaryPath(context);
  const first = openListeningSocket(path, { mode: 0o600, backlog: 1 });
  assert.throws(() => openListeningSocket(path, { mode: 0o600, backlog: 1 }), { code: 'EADDRINUSE' });
  assert.ok(existsSync(path));
  closeSync(first);
  const other = `${path}.other`;
  assert.throws(() => openListeningSocket(other, { mode: 0o600, gid: -2, backlog: 1 }));
  assert.equal(existsSync(other), false);
  assert.throws(() => openListeningSocket(`/${'a'.repeat(107)}`, { mode: 0o600, backlog: 1 }), RangeError);
});

test('pathOfSocket() knows no path of a descriptor that is no socket', () => {
  assert.equal(pathOfSocket(1), undefined);
});

test('stopReceiving() keeps what the peer wrote before, and refuses what it writes later', async (context) => {
  const path = temporaryPath(context);
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  context.after(() => server.close());
  await once(server.listen(path), 'listening');
  const accepted = once(server, 'connection');
  const client = connect(path);
  await once(client, 'connect');
  await new Promise((resolve) => client.write('before', resolve));
  const [socket] = (await accepted) as [Socket & { readonly _handle: { readonly fd: number } }];
  stopReceiving(socket._handle.fd);
  const failed = once(client, 'error');
  client.write('after');
  const [error] = await failed;
  assert.equal(error.code, 'EPIPE');
  let received = '';
  socket.on('data', (chunk) => (received += chunk)).resume();
  await once(socket, 'end');
  assert.equal(received, 'before');
  socket.destroy();
});
