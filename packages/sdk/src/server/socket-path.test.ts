import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { freeSocketPath, resolveSocketPath } from './socket-path.ts';

describe('resolveSocketPath()', () => {
  test('places a name and a file name in the directory that engines watch', () => {
    assert.equal(resolveSocketPath('acme'), '/run/docker/plugins/acme.sock');
    assert.equal(resolveSocketPath('acme.sock'), '/run/docker/plugins/acme.sock');
  });

  test('returns an absolute path unchanged', () => {
    assert.equal(resolveSocketPath('/tmp/x'), '/tmp/x');
  });

  test('accepts 107 bytes and refuses 108', () => {
    assert.equal(resolveSocketPath(`/${'a'.repeat(106)}`).length, 107);
    assert.throws(
      () => resolveSocketPath(`/${'a'.repeat(107)}`),
      /108 bytes, a unix socket path has at most 107/,
    );
  });

  test('counts bytes, not characters', () => {
    assert.throws(() => resolveSocketPath(`/${'é'.repeat(54)}`), /109 bytes/);
  });

  for (const socket of ['', 'a/b', '../x.sock', '/tmp/a\0b']) {
    test(`refuses ${JSON.stringify(socket)}`, () => {
      assert.throws(() => resolveSocketPath(socket), /neither an absolute path nor a file name/);
    });
  }
});

describe('freeSocketPath()', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'outboard-socket-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('makes the directory', async () => {
    await freeSocketPath(join(directory, 'a', 'b.sock'));
    assert.ok((await stat(join(directory, 'a'))).isDirectory());
  });

  test('removes a socket that a killed process left', async () => {
    const path = join(directory, 'stale.sock');
    await leaveStaleSocket(path);
    await freeSocketPath(path);
    await assert.rejects(stat(path), { code: 'ENOENT' });
  });

  test('refuses a socket on which a process listens', async () => {
    const path = join(directory, 'live.sock');
    const server: Server = createServer().listen(path);
    await once(server, 'listening');
    try {
      await assert.rejects(freeSocketPath(path), /another process listens there/);
      assert.ok((await stat(path)).isSocket());
    } finally {
      server.close();
      await once(server, 'close');
    }
  });

  test('refuses a file that is not a socket', async () => {
    const path = join(directory, 'file.sock');
    await writeFile(path, 'precious');
    await assert.rejects(freeSocketPath(path), /the path is not a socket/);
  });
});

/** Leave the socket of a process that was killed before it could unlink it. */
async function leaveStaleSocket(path: string): Promise<void> {
  const script =
    'require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))';
  await once(spawn(process.execPath, ['-e', script, path]), 'exit');
  assert.ok((await stat(path)).isSocket());
}
