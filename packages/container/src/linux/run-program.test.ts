import assert from 'node:assert/strict';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from './errno.ts';
import { findBinary } from './find-binary.ts';
import { mount, unmount, unmountFlags } from './mount.ts';
import { runProgram } from './run-program.ts';

test('runProgram() passes input and its end', async () => {
  const input = 'x'.repeat(200_000);
  const { stdout } = await runProgram(await findBinary('cat'), [], { input });
  assert.equal(stdout, input);
});

test('runProgram() accepts a program that does not read its input', async () => {
  const { code } = await runProgram(await findBinary('true'), [], { input: 'x'.repeat(1_000_000) });
  assert.equal(code, 0);
});

test('runProgram() closes the input of a program without input', async () => {
  assert.deepEqual(await runProgram(await findBinary('cat'), []), { code: 0, stdout: '', stderr: '' });
});

/** The next request to a file system in FUSE. */
async function readRequest(device: number): Promise<Buffer> {
  const request = Buffer.alloc(256 * 1024);
  for (;;) {
    try {
      return request.subarray(0, readSync(device, request));
    } catch (error) {
      if (errorCode(error) !== 'EAGAIN') throw error;
    }
    await delay(1);
  }
}

test('runProgram() does not wait for a program that cannot be killed', {
  skip: process.getuid?.() === 0 ? false : 'needs root to mount',
}, async (context) => {
  const path = mkdtempSync(join(tmpdir(), 'outboard-run-'));
  const device = openSync('/dev/fuse', constants.O_RDWR | constants.O_NONBLOCK);
  mount('silent', path, 0, { type: 'fuse', data: `fd=${device},rootmode=40000,user_id=0,group_id=0` });
  context.after(() => {
    closeSync(device); // fails the pending requests
    unmount(Buffer.from(path), unmountFlags.detach);
    rmSync(path, { recursive: true });
  });
  // Answer FUSE_INIT: struct fuse_out_header, struct fuse_init_out with version 7.31.
  const first = await readRequest(device);
  const answer = Buffer.alloc(80);
  answer.writeUInt32LE(answer.length, 0);
  first.copy(answer, 8, 8, 16);
  answer.writeUInt32LE(7, 16);
  answer.writeUInt32LE(31, 20);
  answer.writeUInt32LE(64 * 1024, 36);
  writeSync(device, answer);

  const scope = new AbortController();
  const reason = new Error('enough');
  const running = runProgram(await findBinary('stat'), [path], { signal: scope.signal });
  // After the request was read, the kernel waits for the answer uninterruptibly.
  await readRequest(device);
  scope.abort(reason);
  await assert.rejects(running, reason);
});
