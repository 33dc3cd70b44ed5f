import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findTraffic, readInterfaceTraffic } from './interface-traffic.ts';

const table = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1111      11    0    0    0     0          0         0     1111      11    0    0    0     0       0          0
  eth0:1234567890123 99    1    2    3     4          5         6  4096      8    0    0    0     0       0          0
eth0:1: 5       1    0    0    0     0          0         0        6       1    0    0    0     0       0          0
`;

test('findTraffic() returns the bytes of one interface among others', () => {
  assert.deepEqual(findTraffic(table, 'eth0'), { receivedBytes: 1_234_567_890_123, sentBytes: 4096 });
  assert.deepEqual(findTraffic(table, 'eth0:1'), { receivedBytes: 5, sentBytes: 6 });
  assert.equal(findTraffic(table, 'eth1'), undefined);
  assert.equal(findTraffic('', 'eth0'), undefined);
});

test('readInterfaceTraffic() returns undefined for a process that has ended', async () => {
  // Above PID_MAX_LIMIT.
  assert.equal(await readInterfaceTraffic(4_194_305), undefined);
});
