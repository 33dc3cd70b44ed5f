import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connectSocket } from './socket-handle.ts';

const listen = (path: string) =>
  new Promise<Server>((resolve, reject) => {
    const server = createServer((socket) => socket.end('hello'));
    server.once('error', reject);
    server.listen(path, () => resolve(server));
  });

const close = (server: Server) => new Promise<void>((resolve) => server.close(() => resolve()));

describe('connectSocket()', () => {
  let folder: string;
  let server: Server;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outboard-socket-'));
    server = await listen(join(folder, 'live.sock'));
  });
  after(async () => {
    await close(server);
    await rm(folder, { recursive: true, force: true });
  });

  const readAll = async (path: string) => {
    const socket = await connectSocket(path);
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    return text;
  };

  test('connects to a socket that listens', async () => {
    assert.equal(await readAll(join(folder, 'live.sock')), 'hello');
  });

  test('I08 reaches a socket whose path is longer than a socket address', async () => {
    const deep = join(folder, 'x'.repeat(100), 'y'.repeat(100));
    await mkdir(deep, { recursive: true });
    const short = await listen(join(folder, 'short.sock'));
    await rename(join(folder, 'short.sock'), join(deep, 'long.sock'));
    assert.equal(await readAll(join(deep, 'long.sock')), 'hello');
    await close(short);
  });

  test('I09 follows no symbolic link, not even to a live socket', async () => {
    await symlink(join(folder, 'live.sock'), join(folder, 'link.sock'));
    await assert.rejects(connectSocket(join(folder, 'link.sock')), {
      kind: 'unavailable',
      code: 'not-a-socket',
    });
  });

  test('I10 answers what else lies at the path with a typed error, and opens nothing', async () => {
    await mkdir(join(folder, 'directory'));
    await writeFile(join(folder, 'file'), 'x');
    await symlink('nowhere', join(folder, 'dangling'));
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    for (const name of ['directory', 'file', 'dangling', 'fifo']) {
      await assert.rejects(
        connectSocket(join(folder, name)),
        { kind: 'unavailable', code: 'not-a-socket' },
        name,
      );
    }
    await assert.rejects(connectSocket('/dev/null'), { code: 'not-a-socket' });
  });

  test("I10 says in Docker's words that a socket is missing or that no one listens", async () => {
    const missing = join(folder, 'missing.sock');
    await assert.rejects(connectSocket(missing), {
      code: 'socket-missing',
      message: `dial unix ${missing}: connect: no such file or directory`,
    });
    const dead = join(folder, 'dead.sock');
    const short = await listen(join(folder, 'dying.sock'));
    await rename(join(folder, 'dying.sock'), dead);
    await close(short);
    await assert.rejects(connectSocket(dead), {
      code: 'socket-refused',
      message: `dial unix ${dead}: connect: connection refused`,
    });
  });

  test('throws the reason of an aborted signal', async () => {
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await assert.rejects(connectSocket(join(folder, 'live.sock'), { signal }), reason);
    const controller = new AbortController();
    const pending = connectSocket(join(folder, 'live.sock'), { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(pending, reason);
  });
});
