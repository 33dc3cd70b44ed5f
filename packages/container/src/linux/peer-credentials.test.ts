import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readPeerCredentials } from './peer-credentials.ts';

test('readPeerCredentials() tells the process that connected, until the socket is closed', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'ob-peer-'));
  t.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 's');
  const server = createServer().listen(path);
  t.after(() => server.close());
  await once(server, 'listening');
  const program = `require('net').connect(${JSON.stringify(path)}).resume()`;
  const client = spawn(process.execPath, ['-e', program], { stdio: 'ignore' });
  t.after(() => client.kill('SIGKILL'));
  const [socket] = (await once(server, 'connection')) as [Socket];
  assert.deepEqual(readPeerCredentials(socket), {
    pid: client.pid,
    uid: process.getuid?.(),
    gid: process.getgid?.(),
  });
  client.kill('SIGKILL');
  socket.resume();
  await once(socket, 'close');
  assert.equal(readPeerCredentials(socket), undefined);
});

test('readPeerCredentials() knows nobody behind a socket of TCP', async (t) => {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const client = (await import('node:net')).connect(address.port, '127.0.0.1');
  await once(client, 'connect');
  assert.equal(readPeerCredentials(client), undefined);
  client.resume();
  await once(client, 'close');
});
