import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  areSocketLinksShort,
  linkSocket,
  maxSocketPathBytes,
  socketLinkPath,
  unlinkSocket,
} from './socket-links.ts';

const id = 'ab'.repeat(32);

test('the links of the default exec root fit a socket address, and those of a long one are reported', () => {
  assert.ok(Buffer.byteLength(socketLinkPath('/run/outboard', id)) <= maxSocketPathBytes);
  assert.equal(areSocketLinksShort('/run/outboard'), true);
  assert.equal(areSocketLinksShort(`/${'x'.repeat(60)}`), true);
  assert.equal(areSocketLinksShort(`/${'x'.repeat(61)}`), false);
});

test('linkSocket() replaces what is there, and unlinkSocket() takes away the link alone', async () => {
  const execRoot = await mkdtemp(join(tmpdir(), 'ob-links-'));
  try {
    const folder = join(execRoot, 'plugins', id);
    await mkdir(folder, { recursive: true });
    await linkSocket(execRoot, id, 'old.sock');
    await linkSocket(execRoot, id, 's.sock');
    const server = createServer((socket) => socket.end()).listen(join(folder, 's.sock'));
    await once(server, 'listening');
    const client = connect(socketLinkPath(execRoot, id)).resume();
    await once(client, 'connect');
    await once(client, 'close');
    server.close();
    await unlinkSocket(execRoot, id);
    await unlinkSocket(execRoot, id);
    assert.deepEqual(await readdir(join(execRoot, 'sockets')), []);
  } finally {
    await rm(execRoot, { recursive: true });
  }
});
