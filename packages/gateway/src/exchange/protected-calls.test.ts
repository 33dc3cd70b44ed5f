/** Limits of calls, and paths that the host does not see. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withResolvers } from '@outboard/async';
import { createFakeClock } from '@outboard/async/testing';
import { OutboardError } from '@outboard/oci';
import { openHandledPlugin, postOf } from '../testing/handled-plugin.ts';

const err = (body: string): string => JSON.parse(body).Err;

describe('calls to a busy plugin', () => {
  test('wait for a place, and are refused at once when too many wait', async () => {
    const [running, finish] = [withResolvers<void>(), withResolvers<void>()];
    await using plugin = await openHandledPlugin(
      ({ method }, response) => {
        if (method !== 'VolumeDriver.Create') return void response.end('{"Volumes":[]}');
        running.resolve();
        void finish.promise.then(() => response.end('{}'));
      },
      { limits: { maxCalls: 1, maxWaiting: 0 } },
    );
    const first = plugin.post('VolumeDriver.Create', '{"Name":"v"}');
    await running.promise;
    const refused = await plugin.post('VolumeDriver.List');
    assert.equal(refused.status, 503);
    assert.equal(err(refused.body), 'plugin acme/p:latest is busy: 1 calls are running and 0 are waiting');
    finish.resolve();
    assert.equal((await first).status, 200);
    assert.equal((await plugin.post('VolumeDriver.List')).status, 200);
  });

  test('do not wait for streams', async () => {
    const begun = withResolvers<void>();
    await using plugin = await openHandledPlugin(
      ({ method }, response) => {
        if (method === 'LogDriver.ReadLogs') response.write('entry');
        else response.end('{"Volumes":[]}');
      },
      { limits: { maxCalls: 1, maxWaiting: 0 } },
    );
    const client = await plugin.connect();
    client.socket.once('data', () => begun.resolve());
    client.socket.write(postOf('LogDriver.ReadLogs', '{"Config":{"Follow":true}}'));
    await begun.promise;
    assert.equal((await plugin.post('VolumeDriver.List')).status, 200);
    client.socket.destroy();
  });
});

describe('calls to a plugin that loses its connections', () => {
  test('fail at once after some failures, also mounts, and its answers with Err are none', async () => {
    let isBroken = false;
    const mount = async () => assert.fail('not reached');
    await using plugin = await openHandledPlugin(
      (_call, response) => {
        if (isBroken) response.destroy();
        else response.writeHead(500).end('{"Err":"no"}');
      },
      { limits: { maxFailures: 2, pauseSeconds: 3600 }, mounts: { mount } },
    );
    const remove = () => plugin.post('VolumeDriver.Remove', '{"Name":"v"}');
    for (let time = 0; time < 5; time += 1) assert.equal(err((await remove()).body), 'no');
    isBroken = true;
    for (let time = 0; time < 2; time += 1) assert.match(err((await remove()).body), /lost the connection/);
    const before = plugin.received.length;
    for (const method of ['VolumeDriver.Remove', 'VolumeDriver.Mount', 'X.Unknown']) {
      const answer = await plugin.post(method, '{"Name":"v","ID":"x"}');
      assert.equal(answer.status, 503);
      assert.match(err(answer.body), /^plugin acme\/p:latest does not answer: 2 calls in a row failed/);
    }
    assert.equal(plugin.received.length, before);
    assert.equal((await plugin.post('Plugin.Activate')).status, 200);
  });

  test('while it is not ready, are no failures of its answers', async () => {
    let isReady = false;
    await using plugin = await openHandledPlugin((_call, response) => response.end('{"Volumes":[]}'), {
      limits: { maxFailures: 1, pauseSeconds: 3600 },
      ready: async () => {
        if (!isReady) throw new OutboardError('unavailable', 'it is starting', { code: 'plugin-not-ready' });
      },
    });
    for (let time = 0; time < 3; time += 1) {
      assert.equal(err((await plugin.post('VolumeDriver.List')).body), 'it is starting');
    }
    isReady = true;
    assert.equal((await plugin.post('VolumeDriver.List')).status, 200);
  });
});

describe('a path at which the host does not see the mount of the driver', () => {
  const locate = async (): Promise<string> => {
    throw new OutboardError('system', 'the host does not see it', { code: 'mount-lost' });
  };
  const answers = {
    'VolumeDriver.Path': '{"Mountpoint":"/mnt/v"}',
    'VolumeDriver.Get': '{"Volume":{"Name":"v","Mountpoint":"/mnt/v"}}',
  };

  test('is an error of Path, and is left out of Get, never a directory without the data', async () => {
    await using plugin = await openHandledPlugin(
      ({ method }, response) => response.end(answers[method as keyof typeof answers]),
      { mounts: { locate } },
    );
    const path = await plugin.post('VolumeDriver.Path', '{"Name":"v"}');
    assert.deepEqual([path.status, err(path.body)], [500, 'the host does not see it']);
    const found = await plugin.post('VolumeDriver.Get', '{"Name":"v"}');
    assert.deepEqual(JSON.parse(found.body), { Volume: { Name: 'v' } });
  });

  test('is asked for again after an error, and remembered for a moment after a success', async () => {
    let looks = 0;
    const clock = createFakeClock();
    await using plugin = await openHandledPlugin(
      ({ method }, response) => response.end(answers[method as keyof typeof answers]),
      {
        clock,
        mounts: {
          async locate(_driver, path) {
            looks += 1;
            if (looks === 1) throw new OutboardError('system', 'not yet', { code: 'mount-lost' });
            return `/host${path}`;
          },
        },
      },
    );
    await plugin.post('VolumeDriver.Get', '{"Name":"v"}');
    for (const advanceMs of [0, 999]) {
      clock.advance(advanceMs);
      const found = await plugin.post('VolumeDriver.Path', '{"Name":"v"}');
      assert.equal(JSON.parse(found.body).Mountpoint, '/host/mnt/v');
    }
    assert.equal(looks, 2);
    clock.advance(1);
    await plugin.post('VolumeDriver.Path', '{"Name":"v"}');
    assert.equal(looks, 3);
  });
});
