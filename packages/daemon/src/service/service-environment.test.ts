import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { takeServiceEnvironment } from './service-environment.ts';

describe('takeServiceEnvironment()', () => {
  test('reads the variables of systemd and removes them from the environment', () => {
    const env = {
      PATH: '/bin',
      NOTIFY_SOCKET: '/run/systemd/notify',
      WATCHDOG_USEC: '60000000',
      WATCHDOG_PID: '7',
      LISTEN_FDS: '2',
      LISTEN_PID: '7',
      LISTEN_FDNAMES: 'a:b',
      FDSTORE: '4096',
      RUNTIME_DIRECTORY: '/run/outboard:/run/other',
    };
    const taken = takeServiceEnvironment(env, 7);
    assert.deepEqual(taken, {
      notifySocket: '/run/systemd/notify',
      watchdogMs: 60_000,
      runtimeDirectory: '/run/outboard',
      descriptors: [
        { descriptor: 3, name: 'a' },
        { descriptor: 4, name: 'b' },
      ],
      storeCapacity: 4096,
    });
    assert.deepEqual(env, { PATH: '/bin' });
  });

  const others: readonly (readonly [title: string, env: Record<string, string>])[] = [
    ['an empty environment', {}],
    ['sockets of another process', { LISTEN_FDS: '1', LISTEN_PID: '8' }],
    ['sockets without a process', { LISTEN_FDS: '1' }],
    ['a watchdog of another process', { WATCHDOG_USEC: '1000', WATCHDOG_PID: '8' }],
    ['a watchdog without a number', { WATCHDOG_USEC: '1s' }],
    ['a negative number of sockets', { LISTEN_FDS: '-1', LISTEN_PID: '7' }],
    ['an address that is neither path nor name', { NOTIFY_SOCKET: 'vsock:2:1' }],
  ];
  for (const [title, env] of others) {
    test(`ignores ${title}`, () => {
      const nothing = {
        notifySocket: undefined,
        watchdogMs: undefined,
        runtimeDirectory: undefined,
        descriptors: [],
        storeCapacity: 0,
      };
      assert.deepEqual(takeServiceEnvironment(env, 7), nothing);
    });
  }

  test('accepts a watchdog without a process', () => {
    assert.equal(takeServiceEnvironment({ WATCHDOG_USEC: '500000' }, 7).watchdogMs, 500);
  });

  test('accepts sockets without names, and at most 16384', () => {
    const { descriptors } = takeServiceEnvironment({ LISTEN_FDS: '99999', LISTEN_PID: '7' }, 7);
    assert.equal(descriptors.length, 16_384);
    assert.deepEqual(descriptors[0], { descriptor: 3, name: '' });
  });
});
