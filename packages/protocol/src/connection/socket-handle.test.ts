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
  let directory: string;
  let server: Server;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'outboard-socket-'));
    server = await listen(join(directory, 'live.sock'));
  });
  after(async () => {
    await close(server);
    await rm(directory, { recursive: true, force: true });
  });

  const readAll = async (path: string) => {
    const socket = await connectSocket(path);
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    return text;
  };

  test('connects to a listening socket', async () => {
    assert.equal(await readAll(join(directory, 'live.sock')), 'hello');
  });

  test('I08 reaches a socket whose path is longer than a socket address', async () => {
    const deep = join(directory, 'x'.repeat(100), 'y'.repeat(100));
    await mkdir(deep, { recursive: true });
    const short = await listen(join(directory, 'short.sock'));
    await rename(join(directory, 'short.sock'), join(deep, 'long.sock'));
    assert.equal(await readAll(join(deep, 'long.sock')), 'hello');
    await close(short);
  });

  test('I09 follows no symbolic link, not even to a live socket', async () => {
    await symlink(join(directory, 'live.sock'), join(directory, 'link.sock'));
    await assert.rejects(connectSocket(join(directory, 'link.sock')), {
      kind: 'unavailable',
      code: 'not-a-socket',
    });
  });

  test('I10 refuses other file types with a typed error, without opening them', async () => {
    await mkdir(join(directory, 'subdirectory'));
    await writeFile(join(directory, 'file'), 'x');
    await symlink('nowhere', join(directory, 'dangling'));
    execFileSync('mkfifo', [join(directory, 'fifo')]);
    for (const name of ['subdirectory', 'file', 'dangling', 'fifo']) {
      await assert.rejects(
        connectSocket(join(directory, name)),
        { kind: 'unavailable', code: 'not-a-socket' },
        name,
      );
    }
    await assert.rejects(connectSocket('/dev/null'), { code: 'not-a-socket' });
  });

  test("I10 reports a missing socket and one without a listener in Docker's words", async () => {
    const missing = join(directory, 'missing.sock');
    await assert.rejects(connectSocket(missing), {
      code: 'socket-missing',
      message: `dial unix ${missing}: connect: no such file or directory`,
    });
    const dead = join(directory, 'dead.sock');
    const short = await listen(join(directory, 'dying.sock'));
    await rename(join(directory, 'dying.sock'), dead);
    await close(short);
    await assert.rejects(connectSocket(dead), {
      code: 'socket-refused',
      message: `dial unix ${dead}: connect: connection refused`,
    });
  });

  test('throws the reason of an aborted signal', async () => {
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await assert.rejects(connectSocket(join(directory, 'live.sock'), { signal }), reason);
    const controller = new AbortController();
    const pending = connectSocket(join(directory, 'live.sock'), { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(pending, reason);
  });
});
