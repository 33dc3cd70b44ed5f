import assert from 'node:assert/strict';
import { once } from 'node:events';
import { lstat, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { exchangeRaw } from '../testing/raw-http.ts';
import { listenOnUnixSocket } from './unix-socket.ts';

async function temporaryPath(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-socket-'));
  context.after(() => rm(directory, { recursive: true }));
  return join(directory, 'api.sock');
}

function newServer(context: TestContext): Server {
  const server = createServer((socket) => {
    // A client that only checks for a listener disconnects before the answer.
    socket.on('error', () => {});
    socket.end('HTTP/1.1 204 No Content\r\n\r\n');
  });
  context.after(() => server.close());
  return server;
}

test('D14 listenOnUnixSocket() creates a socket of mode 0660 and restores the umask', async (context) => {
  const path = await temporaryPath(context);
  const before = process.umask();
  await listenOnUnixSocket(newServer(context), path);
  assert.equal(((await lstat(path)).mode & 0o7777).toString(8), '660');
  assert.equal(process.umask(), before);
});

test('D14 S24 listenOnUnixSocket() creates missing directories with mode 0700', async (context) => {
  const path = join(await temporaryPath(context), 'deep', 'api.sock');
  await listenOnUnixSocket(newServer(context), path);
  assert.equal(((await lstat(join(path, '..'))).mode & 0o7777).toString(8), '700');
});

test('D14 listenOnUnixSocket() does not replace the socket of a running daemon', async (context) => {
  const path = await temporaryPath(context);
  await listenOnUnixSocket(newServer(context), path);
  const { ino } = await lstat(path);
  await assert.rejects(listenOnUnixSocket(newServer(context), path), {
    kind: 'conflict',
    message: `cannot listen on "${path}": another process listens there`,
  });
  assert.equal((await lstat(path)).ino, ino);
  assert.equal((await exchangeRaw(path, 'GET / HTTP/1.0\r\n\r\n')).status, 204);
});

test('D14 S24 listenOnUnixSocket() replaces a socket without a listener', async (context) => {
  const path = await temporaryPath(context);
  await leaveStaleSocket(path);
  await listenOnUnixSocket(newServer(context), path);
  assert.equal((await exchangeRaw(path, 'GET / HTTP/1.0\r\n\r\n')).status, 204);
});

test('D14 S24 listenOnUnixSocket() refuses to replace a file or a symbolic link', async (context) => {
  const path = await temporaryPath(context);
  const target = `${path}.target`;
  await leaveStaleSocket(target);
  await symlink(target, path);
  await assert.rejects(listenOnUnixSocket(newServer(context), path), { kind: 'invalid' });
  assert.ok((await lstat(path)).isSymbolicLink());
  await rm(path);
  await writeFile(path, 'mine');
  await assert.rejects(listenOnUnixSocket(newServer(context), path), { kind: 'invalid' });
  assert.ok((await lstat(path)).isFile());
});

/** Create a socket without a listener in a killed process, since Node.js unlinks a socket on close. */
async function leaveStaleSocket(path: string): Promise<void> {
  const { execFile } = await import('node:child_process');
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await once(execFile(process.execPath, ['-e', script]), 'exit');
  assert.ok((await lstat(path)).isSocket());
}
