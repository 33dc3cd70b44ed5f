import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scriptPlugin } from '../testing/scripted-plugin.ts';
import { activate } from './activate.ts';

describe('activate()', () => {
  test('returns the interfaces that the plugin implements', async () => {
    await using plugin = await scriptPlugin((_call, response) =>
      response.end('{"implements":["VolumeDriver","authz"]}'),
    );
    assert.deepEqual(await activate(plugin.client), ['VolumeDriver', 'authz']);
    assert.deepEqual(
      plugin.calls.map(({ method }) => method),
      ['Plugin.Activate'],
    );
  });

  test('returns undefined for a plugin without the handshake, and throws other failures', async () => {
    let status = 404;
    await using plugin = await scriptPlugin((_call, response) =>
      response.writeHead(status).end('page not found'),
    );
    assert.equal(await activate(plugin.client), undefined);
    status = 500;
    await assert.rejects(activate(plugin.client), { code: 'plugin-error' });
  });

  test('leaves out entries that are not strings', async () => {
    await using plugin = await scriptPlugin((_call, response) =>
      response.end('{"Implements":["VolumeDriver",5,null,{"a":1},"authz"]}'),
    );
    assert.deepEqual(await activate(plugin.client), ['VolumeDriver', 'authz']);
  });
});
