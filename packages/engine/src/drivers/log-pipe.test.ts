import assert from 'node:assert/strict';
import { constants, openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { type LogPipe, makeLogPipe } from './log-pipe.ts';

async function makeRoot(context: TestContext): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'outboard-pipe-'));
  context.after(() => rm(root, { recursive: true, force: true }));
  return root;
}

function makePipe(context: TestContext, root: string, isTrusted = false): LogPipe {
  const pipe = makeLogPipe({ root, isTrusted });
  context.after(() => pipe.close());
  return pipe;
}

/** Read as a log driver does, until so many bytes came. */
async function readBytes(root: string, pipe: LogPipe, count: number): Promise<Buffer> {
  const descriptor = openSync(join(root, pipe.file), constants.O_RDONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd: descriptor, writable: false });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of socket) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= count) break;
  }
  socket.destroy();
  return Buffer.concat(chunks);
}

/** More than a pipe of Linux holds. */
const large = Buffer.alloc(300_000, 'x');

describe('makeLogPipe()', () => {
  for (const isTrusted of [false, true]) {
    test(`makes the directories and a FIFO that a reader can open, and removes the FIFO, ${isTrusted ? 'trusted' : 'not trusted'}`, async (context) => {
      const root = await makeRoot(context);
      const pipe = makePipe(context, root, isTrusted);
      assert.match(pipe.file, /^\/run\/docker\/logging\/[0-9a-f]{64}$/);
      await pipe.write(Buffer.from('one '));
      await pipe.write(Buffer.from('two'));
      assert.equal((await readBytes(root, pipe, 7)).toString(), 'one two');
      await pipe.close();
      await pipe.close();
      assert.deepEqual(await readdir(join(root, 'run/docker/logging')), []);
      await assert.rejects(pipe.write(Buffer.from('x')), { kind: 'conflict' });
    });
  }

  test('uses a directory that is given', async (context) => {
    const directory = await makeRoot(context);
    const pipe = makeLogPipe({ directory });
    context.after(() => pipe.close());
    assert.deepEqual(await readdir(directory), [pipe.file.split('/').at(-1)]);
    await pipe.close();
    assert.deepEqual(await readdir(directory), []);
  });

  test('keeps the order of writes, and says when they are in the pipe', async (context) => {
    const root = await makeRoot(context);
    const pipe = makePipe(context, root);
    const parts = ['a', 'b', 'c'].map((letter) => Buffer.alloc(100_000, letter));
    const written = Promise.all(parts.map((part) => pipe.write(part)));
    const read = await readBytes(root, pipe, 300_000);
    await written;
    assert.ok(read.equals(Buffer.concat(parts)), 'want the bytes in the order of the writes');
  });

  test('an aborted wait does not cancel the write', async (context) => {
    const root = await makeRoot(context);
    const pipe = makePipe(context, root);
    const reason = new Error('enough');
    const controller = new AbortController();
    const writing = pipe.write(large, { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(writing, reason);
    await assert.rejects(pipe.flush(AbortSignal.abort(reason)), reason);
    const read = readBytes(root, pipe, large.length);
    await pipe.flush(new AbortController().signal);
    assert.equal((await read).length, large.length);
  });

  test('refuses more while 2 MiB are unread', async (context) => {
    const root = await makeRoot(context);
    const pipe = makePipe(context, root);
    const writes = Array.from({ length: 6 }, () => pipe.write(large));
    const ends = Promise.allSettled(writes);
    await assert.rejects(pipe.write(large), { kind: 'unavailable', code: 'log-pipe-full' });
    await pipe.close();
    assert.ok(
      (await ends).every(({ status }) => status === 'rejected'),
      'want writers to hear of the end',
    );
  });

  const hostile: readonly (readonly [string, (root: string, outside: string) => Promise<unknown>])[] = [
    ['a link for the last directory', (root, outside) => symlink(outside, join(root, 'run/docker/logging'))],
    ['a file for the last directory', (root) => writeFile(join(root, 'run/docker/logging'), '')],
    [
      'a link for a directory on the way',
      async (root, outside) => {
        await rm(join(root, 'run'), { recursive: true });
        await symlink(outside, join(root, 'run'));
      },
    ],
    ['a dangling link', (root) => symlink('/nowhere', join(root, 'run/docker/logging'))],
  ];
  for (const [name, plant] of hostile) {
    test(`I14 follows no file that the plugin placed in the way: ${name}`, async (context) => {
      const root = await makeRoot(context);
      const outside = await makeRoot(context);
      await mkdir(join(root, 'run/docker'), { recursive: true });
      await plant(root, outside);
      assert.throws(() => makeLogPipe({ root, isTrusted: false }), {
        kind: 'system',
        message: /log pipe: want "\w+" of/,
      });
      assert.deepEqual(await readdir(outside), []);
    });
  }

  test('leaves a directory that the plugin made in place of the FIFO', async (context) => {
    const root = await makeRoot(context);
    const pipe = makePipe(context, root);
    const path = join(root, pipe.file);
    await rm(path);
    await pipe.close();
    const other = makePipe(context, root);
    await rm(join(root, other.file));
    await mkdir(join(root, other.file));
    await other.close();
    assert.deepEqual((await readdir(join(root, 'run/docker/logging'))).length, 1);
  });
});
