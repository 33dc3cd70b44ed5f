import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import pino from 'pino';
import { pluginConfigLabel } from '../../config/image-config.ts';
import { PluginStore } from '../../store/plugin-store.ts';
import { type OperationFixture, openOperationFixture } from '../../testing/operation-fixture.ts';
import { publishPlugin } from '../../testing/published-plugin.ts';
import { pushPlugin } from '../publish/push.ts';
import { fetchPrivileges } from './privileges.ts';
import { pullPlugin } from './pull.ts';
import { repairPlugin } from './repair.ts';
import { rollbackPlugin } from './rollback.ts';
import { upgradePlugin } from './upgrade.ts';

const remote = 'registry.test/acme/image:v1';
const process = { Entrypoint: ['/plugin'], Cmd: ['-v'], Env: ['PATH=/bin'], User: 'nobody' };
const label = {
  interface: { types: ['docker.volumedriver/1.0'], socket: 'p.sock' },
  network: { type: 'host' },
};

interface Labels {
  readonly [name: string]: string;
}

function publish(
  fixture: OperationFixture,
  {
    tag = 'v1',
    labels = { [pluginConfigLabel]: JSON.stringify(label) },
    platform = { os: 'linux' },
  }: { readonly tag?: string; readonly labels?: Labels; readonly platform?: object } = {},
) {
  const image = { ...platform, config: { ...process, Labels: labels } };
  const layers = [{ plugin: tag }, { second: 'two' }];
  return publishPlugin(fixture.remote.repository('acme/image'), tag, { layers, image });
}

async function install(fixture: OperationFixture) {
  const published = publish(fixture);
  const privileges = await fetchPrivileges(fixture.parts, remote, {});
  return { published, record: await pullPlugin(fixture.parts, { remote, privileges }) };
}

describe('an image with the label', () => {
  test('is installed with the privileges of its label and the process of the image', async () => {
    await using fixture = await openOperationFixture();
    const { published, record } = await install(fixture);
    assert.deepEqual(
      record.privileges.map(({ name, value }) => [name, value]),
      [['network', ['host']]],
    );
    assert.deepEqual(record.config.entrypoint, ['/plugin', '-v']);
    assert.deepEqual(record.settings.env, ['PATH=/bin']);
    assert.equal(fixture.rootfsFile(record, 'second'), 'two');
    await fixture.assertOnly([record], published.digests);
  });

  test('is pushed again byte for byte', async () => {
    await using fixture = await openOperationFixture();
    const { published } = await install(fixture);
    const { privileges } = await pullPlugin(fixture.parts, {
      remote,
      privileges: await fetchPrivileges(fixture.parts, remote, {}),
      name: 'registry.test/acme/copy:v1',
    });
    assert.equal(privileges.length, 1);
    await pushPlugin(fixture.parts, { plugin: 'registry.test/acme/copy:v1' });
    const copy = fixture.remote.repository('acme/copy');
    assert.deepEqual([...copy.blobs.keys(), ...copy.manifests.keys()].sort(), published.digests);
  });

  test('R25 is not installed with other privileges than those of its label', async () => {
    await using fixture = await openOperationFixture();
    publish(fixture);
    await assert.rejects(pullPlugin(fixture.parts, { remote, privileges: [] }), {
      code: 'privileges-differ',
    });
    await fixture.assertOnly([], []);
  });

  test('is upgraded and rolled back', async () => {
    await using fixture = await openOperationFixture();
    const { record } = await install(fixture);
    publish(fixture, { tag: 'v2' });
    const next = { plugin: record.id, remote: 'registry.test/acme/image:v2', privileges: record.privileges };
    const upgraded = await upgradePlugin(fixture.parts, next);
    assert.equal(fixture.rootfsFile(upgraded, 'plugin'), 'v2');
    const restored = await rollbackPlugin(fixture.parts, record.id);
    assert.equal(restored.configDigest, record.configDigest);
    assert.equal(fixture.rootfsFile(restored, 'plugin'), 'v1');
  });

  test('gets its record again from its blobs', async () => {
    await using fixture = await openOperationFixture();
    const { record } = await install(fixture);
    const { store } = fixture.parts;
    writeFileSync(`${store.paths(record.id).directory}/config.json`, '{');
    const reopened = await PluginStore.open(store.layout, pino({ level: 'silent' }));
    await reopened.findContentOfDamaged(fixture.parts.content);
    const parts = { ...fixture.parts, store: reopened };
    await repairPlugin(parts, record.id, { name: remote });
    assert.deepEqual(reopened.find(record.id), record);
  });

  test('R06 that has no label is refused with the way to make a plugin of it', async () => {
    await using fixture = await openOperationFixture();
    publish(fixture, { labels: {} });
    await assert.rejects(fetchPrivileges(fixture.parts, remote, {}), {
      code: 'not-a-plugin',
      message:
        /without the label "io\.outboard\.plugin\.config".*outboard create --from-image registry\.test/,
    });
  });

  test('that is malformed is refused, and the label and its field are named', async () => {
    await using fixture = await openOperationFixture();
    const wrong = { ...label, linux: { capabilities: ['CAP_NONE'] } };
    publish(fixture, { labels: { [pluginConfigLabel]: JSON.stringify(wrong) } });
    await assert.rejects(fetchPrivileges(fixture.parts, remote, {}), {
      kind: 'invalid',
      message: /^label "io\.outboard\.plugin\.config" of the image: config: "Linux\.Capabilities\[0\]"/,
    });
  });

  for (const [title, platform, message] of [
    ['of Windows', { os: 'windows', architecture: 'amd64' }, /is for windows\/amd64, .*programs of Linux/],
    ['for another architecture', { os: 'linux', architecture: 's390x' }, /is for linux\/s390x, and/],
  ] as const) {
    test(`${title} is refused before a layer is fetched`, async () => {
      await using fixture = await openOperationFixture();
      publish(fixture, { platform });
      await assert.rejects(fetchPrivileges(fixture.parts, remote, {}), { code: 'other-platform', message });
    });
  }
});
