import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeClock } from '@outboard/async/testing';
import { createPluginClient } from '../../calls/http-plugin-client.ts';
import { type ScriptedPlugin, scriptPlugin } from '../../testing/scripted-plugin.ts';
import { createVolumeDriver } from './volume-driver-client.ts';

const replies: Readonly<Record<string, string>> = {
  'VolumeDriver.Mount': '{"Mountpoint":"/mnt/v"}',
  'VolumeDriver.Path': '{"Mountpoint":""}',
  'VolumeDriver.Get':
    '{"Volume":{"Name":"v","Mountpoint":"/mnt/v","CreatedAt":"2024-01-02T03:04:05.6+01:00","Status":{"a":1}}}',
  'VolumeDriver.List': '{"Volumes":[{"Name":"v","CreatedAt":""},{"name":"w"}]}',
  'VolumeDriver.Capabilities': '{"Capabilities":{"Scope":"Global"}}',
};

function answering(text: string): Promise<ScriptedPlugin> {
  return scriptPlugin((_call, response) => response.end(text));
}

describe('createVolumeDriver()', () => {
  test('makes every call of the protocol', async () => {
    await using plugin = await scriptPlugin(({ method }, response) => response.end(replies[method] ?? '{}'));
    const driver = createVolumeDriver(plugin.client);
    await driver.create('v', { size: '1' });
    assert.equal(await driver.mount('v', 'id'), '/mnt/v');
    assert.equal(await driver.path('v'), '');
    const volume = await driver.get('v');
    assert.equal(volume?.createdAt?.toISOString(), '2024-01-02T02:04:05.600Z');
    assert.deepEqual(volume?.status, { a: 1 });
    assert.deepEqual(await driver.list(), [
      { name: 'v', mountpoint: '' },
      { name: 'w', mountpoint: '' },
    ]);
    assert.deepEqual(await driver.capabilities(), { scope: 'global' });
    await driver.unmount('v', 'id');
    await driver.remove('v');
    assert.deepEqual(
      plugin.calls.map(({ method, body }) => `${method.replace('VolumeDriver.', '')} ${body.trim()}`),
      [
        'Create {"Name":"v","Opts":{"size":"1"}}',
        'Mount {"Name":"v","ID":"id"}',
        'Path {"Name":"v"}',
        'Get {"Name":"v"}',
        'List {}',
        'Capabilities {}',
        'Unmount {"Name":"v","ID":"id"}',
        'Remove {"Name":"v"}',
      ],
    );
  });

  test('reads null as no volumes and no volume', async () => {
    await using plugin = await answering('{"Volumes":null,"Volume":null}');
    const driver = createVolumeDriver(plugin.client);
    assert.deepEqual(await driver.list(), []);
    assert.equal(await driver.get('v'), undefined);
  });

  for (const text of [
    '{}',
    '{"Capabilities":null}',
    '{"Capabilities":{"Scope":"odd"}}',
    '{"Err":"not supported"}',
    'junk',
  ]) {
    test(`treats a driver that answers ${text} to Capabilities as local`, async () => {
      await using plugin = await answering(text);
      assert.deepEqual(await createVolumeDriver(plugin.client).capabilities(), { scope: 'local' });
    });
  }

  test('throws the error of a driver that cannot be reached, instead of treating it as local', async () => {
    const clock = createFakeClock();
    const sleep = async (ms: number) => clock.advance(ms);
    await using client = createPluginClient(
      { socketPath: '/nonexistent/plugin.sock' },
      { clock: { ...clock, sleep } },
    );
    await assert.rejects(createVolumeDriver(client).capabilities(), { code: 'socket-missing' });
  });

  test('finds a volume whose creation time is malformed, and leaves the time out', async () => {
    await using plugin = await answering('{"Volume":{"Name":"v","CreatedAt":"yesterday"}}');
    assert.deepEqual(await createVolumeDriver(plugin.client).get('v'), { name: 'v', mountpoint: '' });
  });
});
