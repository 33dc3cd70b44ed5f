import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pino } from 'pino';
import { createDescriptorStore } from './descriptor-store.ts';

const environment = { notifySocket: '/s', storeCapacity: 8 };
const logger = pino({ level: 'silent' });

function failing(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe('createDescriptorStore()', () => {
  test('sends the messages of sd_notify(3), with the descriptors', async () => {
    const sent: unknown[] = [];
    const store = createDescriptorStore(environment, {
      sendDescriptors: (...message) => sent.push(message),
      send: (...message) => sent.push(message),
      logger,
    });
    assert.equal(await store.keep('a', [7, 8]), true);
    await store.forget('a');
    assert.equal(store.capacity, 8);
    assert.deepEqual(sent, [
      ['/s', 'FDSTORE=1\nFDNAME=a\nFDPOLL=0', [7, 8]],
      ['/s', 'FDSTOREREMOVE=1\nFDNAME=a'],
    ]);
  });

  test('tries again while the queue of the service manager is full', async () => {
    let attempts = 0;
    const sendDescriptors = () => {
      attempts += 1;
      if (attempts < 3) throw failing('EAGAIN');
    };
    const store = createDescriptorStore(environment, { sendDescriptors, send: () => {}, logger });
    assert.equal(await store.keep('a', [7]), true);
    assert.equal(attempts, 3);
  });

  test('keeps nothing when the service manager is gone', async () => {
    const sendDescriptors = () => {
      throw failing('ECONNREFUSED');
    };
    const store = createDescriptorStore(environment, { sendDescriptors, send: sendDescriptors, logger });
    assert.equal(await store.keep('a', [7]), false);
    await store.forget('a');
  });

  for (const nothing of [{ notifySocket: undefined }, { storeCapacity: 0 }]) {
    test(`keeps nothing with ${JSON.stringify(nothing)}`, async () => {
      const unexpected = () => assert.fail('nothing is sent');
      const deps = { sendDescriptors: unexpected, send: unexpected, logger };
      const store = createDescriptorStore({ ...environment, ...nothing }, deps);
      assert.equal(store.capacity, 0);
      assert.equal(await store.keep('a', [7]), false);
      await store.forget('a');
    });
  }
});
