import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { encodeUnixAddress, sendDatagram } from './datagram.ts';
import { bindCall, checkResult } from './libc.ts';

const openSocket = bindCall<[number, number, number]>('int socket(int domain, int type, int protocol)');
const bind = bindCall<[number, Uint8Array, number]>(
  'int bind(int fd, const void *address, unsigned int length)',
);
const receive = bindCall<[number, Uint8Array, number, number]>(
  'intptr_t recv(int fd, void *bytes, size_t length, int flags)',
);
const close = bindCall<[number]>('int close(int fd)');

/** Run work. @returns the datagrams that arrived meanwhile */
function receiveDuring(address: string, work: () => void): string {
  const place = encodeUnixAddress(address);
  const descriptor = checkResult(openSocket(1, 2, 0), 'socket');
  try {
    checkResult(bind(descriptor, place, place.length), 'bind', address);
    work();
    const bytes = Buffer.alloc(1024);
    return bytes.toString('utf8', 0, checkResult(receive(descriptor, bytes, bytes.length, 0x40), 'recv'));
  } finally {
    close(descriptor);
  }
}

describe('sendDatagram()', () => {
  test('reaches a socket in the file system', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ob-dgram-'));
    try {
      const address = join(directory, 's');
      assert.equal(
        receiveDuring(address, () => sendDatagram(address, 'READY=1\nSTATUS=é')),
        'READY=1\nSTATUS=é',
      );
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('reaches an abstract socket', () => {
    const address = `@outboard-test-${process.pid}`;
    assert.equal(
      receiveDuring(address, () => sendDatagram(address, 'WATCHDOG=1')),
      'WATCHDOG=1',
    );
  });

  test('fails without a listener, and does not block', () => {
    assert.throws(() => sendDatagram('/nonexistent/socket', 'x'), { code: 'ENOENT', syscall: 'sendto' });
  });

  for (const address of ['', '@', 'relative', `/${'x'.repeat(107)}`, '/a\0b']) {
    test(`refuses the address ${JSON.stringify(address.slice(0, 12))}`, () => {
      assert.throws(() => sendDatagram(address, 'x'), RangeError);
    });
  }
});
