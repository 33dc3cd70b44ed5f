import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Descriptor,
  digestOf,
  encodeIndex,
  hostPlatform,
  mediaTypes,
  parsePlatform,
  platformText,
} from '@outboard/oci';
import { type OperationFixture, openOperationFixture } from '../../testing/operation-fixture.ts';
import { publishPlugin } from '../../testing/published-plugin.ts';
import { fetchPrivileges } from './privileges.ts';
import { pullPlugin } from './pull.ts';
import { rollbackPlugin } from './rollback.ts';
import { upgradePlugin } from './upgrade.ts';

const repository = 'acme/plugin';
const remote = `registry.test/${repository}:v1`;
const own = hostPlatform().architecture;
const foreign = own === 's390x' ? 'riscv64' : 's390x';

/** Put an index under a tag, with a plugin for each platform, whose only privilege is a capability. */
function publishIndex(fixture: OperationFixture, tag: string, platforms: readonly string[]) {
  const target = fixture.remote.repository(repository);
  const plugins = platforms.map((text) => {
    const published = publishPlugin(target, `${tag}-${text.replaceAll('/', '-')}`, {
      layers: [{ platform: `${tag} ${text}` }],
      config: { linux: { capabilities: [text.endsWith(own) ? 'CAP_SYS_ADMIN' : 'CAP_NET_ADMIN'] } },
    });
    const bytes = target.manifests.get(published.manifestDigest)?.bytes;
    assert.ok(bytes);
    const entry: Descriptor = {
      mediaType: mediaTypes.dockerManifest,
      digest: published.manifestDigest,
      size: bytes.length,
      platform: parsePlatform(text),
    };
    return { text, ...published, entry };
  });
  const index = encodeIndex(plugins.map(({ entry }) => entry));
  const indexDigest = target.putManifest(tag, { mediaType: mediaTypes.ociIndex, bytes: index });
  const of = (text: string) => {
    const plugin = plugins.find((each) => each.text === text);
    assert.ok(plugin, text);
    return plugin;
  };
  return { of, indexDigest };
}

test('R06 pullPlugin() records the platform and the index that it chose from', async () => {
  await using fixture = await openOperationFixture();
  const { of, indexDigest } = publishIndex(fixture, 'v1', [`linux/${foreign}`, `linux/${own}`]);
  const { privileges, manifestDigest } = of(`linux/${own}`);
  const record = await pullPlugin(fixture.parts, { remote, privileges });
  assert.equal(fixture.rootfsFile(record, 'platform'), `v1 linux/${own}`);
  assert.deepEqual(
    [record.manifestDigest, record.indexDigest, record.platform],
    [manifestDigest, indexDigest, platformText({ os: 'linux', architecture: own })],
  );
});

test('fetchPrivileges() and pullPlugin() take the platform that is asked for, and upgrades stay on it', async () => {
  await using fixture = await openOperationFixture();
  const first = publishIndex(fixture, 'v1', [`linux/${own}`, `linux/${foreign}`]);
  const second = publishIndex(fixture, 'v2', [`linux/${own}`, `linux/${foreign}`]);
  const platform = `linux/${foreign}`;
  const { privileges } = first.of(platform);
  assert.deepEqual(await fetchPrivileges(fixture.parts, remote, { platform }), privileges);
  const { id } = await pullPlugin(fixture.parts, { remote, privileges, platform, name: 'p' });
  const to = { plugin: id, remote: `registry.test/${repository}:v2` };
  const granted = second.of(platform).privileges;
  const upgraded = await upgradePlugin(fixture.parts, { ...to, privileges: granted });
  assert.equal(fixture.rootfsFile(upgraded, 'platform'), `v2 ${platform}`);
  assert.deepEqual([upgraded.platform, upgraded.indexDigest], [platform, second.indexDigest]);
  const rolledBack = await rollbackPlugin(fixture.parts, id);
  assert.deepEqual([rolledBack.platform, rolledBack.indexDigest], [platform, first.indexDigest]);
});

test('upgradePlugin() and rollbackPlugin() keep no platform of a version that is not installed', async () => {
  await using fixture = await openOperationFixture();
  const { of, indexDigest } = publishIndex(fixture, 'v1', [`linux/${own}`]);
  const { id } = await pullPlugin(fixture.parts, { remote, privileges: of(`linux/${own}`).privileges });
  const single = publishPlugin(fixture.remote.repository(repository), 'v2');
  const to = { plugin: id, remote: `registry.test/${repository}:v2`, privileges: single.privileges };
  const upgraded = await upgradePlugin(fixture.parts, to);
  assert.deepEqual([upgraded.platform, upgraded.indexDigest], [`linux/${own}`, undefined]);
  assert.equal((await rollbackPlugin(fixture.parts, id)).indexDigest, indexDigest);
});

test('R06 pullPlugin() tells what an index has when it has nothing for the host', async () => {
  await using fixture = await openOperationFixture();
  publishIndex(fixture, 'v1', [`linux/${foreign}`]);
  await assert.rejects(pullPlugin(fixture.parts, { remote, privileges: [] }), {
    kind: 'not-found',
    code: 'no-platform',
    message: new RegExp(
      `^error resolving plugin reference: no matching manifest .*it offers "linux/${foreign}"$`,
    ),
  });
  await fixture.assertOnly([], []);
});

test('R03 pullPlugin() refuses an index whose registry has another kind of document under its digest', async () => {
  await using fixture = await openOperationFixture();
  const target = fixture.remote.repository(repository);
  const { manifestDigest, privileges } = publishPlugin(target, 'single');
  const size = target.manifests.get(manifestDigest)?.bytes.length ?? 0;
  const platform = hostPlatform();
  for (const entry of [
    { mediaType: mediaTypes.ociManifest, digest: manifestDigest, size, platform },
    { mediaType: mediaTypes.dockerManifest, digest: manifestDigest, size: size + 1, platform },
  ]) {
    const bytes = encodeIndex([entry]);
    target.putManifest('v1', { mediaType: mediaTypes.ociIndex, bytes });
    await assert.rejects(pullPlugin(fixture.parts, { remote, privileges }), {
      kind: 'invalid',
      message: /its entry sha256:[0-9a-f]+ is .* and the registry has/,
    });
  }
  assert.equal(digestOf(target.manifests.get(manifestDigest)?.bytes ?? Buffer.alloc(0)), manifestDigest);
});
