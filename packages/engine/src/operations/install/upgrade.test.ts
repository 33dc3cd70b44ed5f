import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { digestOf, OutboardError } from '@outboard/oci';
import { type OperationFixture, openOperationFixture } from '../../testing/operation-fixture.ts';
import { type PublishedPlugin, publishPlugin } from '../../testing/published-plugin.ts';
import { pullPlugin } from './pull.ts';
import { upgradePlugin } from './upgrade.ts';

const plugin = 'registry.test/acme/plugin:v1';
const remote = 'registry.test/acme/plugin:v2';
const shared = { shared: 'both versions have this layer' };

/** A plugin that was pulled as v1, and its version v2, which has one layer more. */
async function installFirst(fixture: OperationFixture) {
  const repository = fixture.remote.repository('acme/plugin');
  const first = publishPlugin(repository, 'v1', { layers: [shared, { version: 'one' }] });
  const second = publishPlugin(repository, 'v2', {
    layers: [shared, { version: 'two' }, { added: 'new' }],
    config: { description: 'version two' },
  });
  const record = await pullPlugin(fixture.parts, { remote: plugin, privileges: first.privileges });
  fixture.remote.requests.length = 0;
  return { first, second, record };
}

describe('upgradePlugin()', () => {
  test('replaces tree, record and content, and keeps ID and name', async () => {
    await using fixture = await openOperationFixture();
    const { first, second, record } = await installFirst(fixture);
    const upgraded = await upgradePlugin(fixture.parts, { plugin, remote, privileges: second.privileges });
    assert.deepEqual([upgraded.id, upgraded.name], [record.id, record.name]);
    assert.equal(upgraded.manifestDigest, second.manifestDigest);
    assert.equal(upgraded.config.description, 'version two');
    assert.equal(fixture.rootfsFile(upgraded, 'version'), 'two');
    assert.equal(fixture.rootfsFile(upgraded, 'added'), 'new');
    await fixture.assertOnly([upgraded], [...first.digests, ...second.digests]);
    assert.deepEqual(
      fixture.events.map(({ action, id }) => [action, id]),
      [
        ['pull', plugin],
        ['pull', remote],
      ],
    );
  });

  test('keeps the version before until the next upgrade', async () => {
    await using fixture = await openOperationFixture();
    const { second, record } = await installFirst(fixture);
    const upgraded = await upgradePlugin(fixture.parts, { plugin, remote, privileges: second.privileges });
    assert.equal(upgraded.previous?.manifestDigest, record.manifestDigest);
    assert.equal(upgraded.previous?.pluginReference, record.pluginReference);
    const third = publishPlugin(fixture.remote.repository('acme/plugin'), 'v3', {
      layers: [{ version: 'three' }],
    });
    const request = { plugin, remote: 'registry.test/acme/plugin:v3', privileges: third.privileges };
    const latest = await upgradePlugin(fixture.parts, request);
    assert.equal(latest.previous?.manifestDigest, second.manifestDigest);
    await fixture.assertOnly([latest], [...second.digests, ...third.digests]);
    assert.equal(fixture.previousFile(latest, 'version'), 'two');
  });

  test('to the same version keeps the one from before it', async () => {
    await using fixture = await openOperationFixture();
    const { first, second } = await installFirst(fixture);
    const request = { plugin, remote, privileges: second.privileges };
    await upgradePlugin(fixture.parts, request);
    const again = await upgradePlugin(fixture.parts, request);
    assert.equal(again.previous?.manifestDigest, first.manifestDigest);
    await fixture.assertOnly([again], [...first.digests, ...second.digests]);
    assert.equal(fixture.previousFile(again, 'version'), 'one');
  });

  test('does not fetch the layers that both versions share', async () => {
    await using fixture = await openOperationFixture();
    const { second } = await installFirst(fixture);
    await upgradePlugin(fixture.parts, { plugin, remote, privileges: second.privileges });
    const fetched = fixture.remote.requests.filter(({ operation }) => operation === 'openBlob');
    const [, ...changed] = second.layers.map(({ digest }) => digest);
    assert.deepEqual(
      fetched.map(({ target }) => target),
      [second.configDigest, ...changed],
    );
  });

  test('refuses a plugin that is enabled', async () => {
    await using fixture = await openOperationFixture();
    const { first, second, record } = await installFirst(fixture);
    const enabled = { ...record, enabled: true };
    await fixture.parts.store.save(enabled);
    const upgrading = upgradePlugin(fixture.parts, { plugin, remote, privileges: second.privileges });
    await assert.rejects(upgrading, { kind: 'conflict', message: /must be disabled/ });
    await fixture.assertOnly([enabled], first.digests);
  });
});

/** One way in which an upgrade fails. */
interface Failure {
  readonly name: string;
  /** Prepare the failure. @param controller aborts the upgrade */
  readonly prepare: (fixture: OperationFixture, second: PublishedPlugin, controller: AbortController) => void;
  readonly error: object;
}

const failures: readonly Failure[] = [
  {
    name: 'the last layer is missing',
    prepare: (fixture, { layers }) => {
      const last = layers.at(-1);
      if (last !== undefined) fixture.remote.repository('acme/plugin').blobs.delete(last.digest);
    },
    error: { kind: 'not-found' },
  },
  {
    name: 'the registry fails at the last layer',
    prepare: (fixture, { layers }) => {
      fixture.remote.intercept = ({ target }) => {
        if (target === layers.at(-1)?.digest) throw new OutboardError('unavailable', 'status 500');
      };
    },
    error: { kind: 'unavailable' },
  },
  {
    name: 'the caller aborts it at the last layer',
    prepare: (fixture, { layers }, controller) => {
      fixture.remote.intercept = ({ target }) => {
        if (target === layers.at(-1)?.digest) controller.abort();
      };
    },
    error: { name: 'AbortError' },
  },
  {
    name: 'the root filesystem cannot be flushed',
    prepare: (fixture) => {
      fixture.jail.beforeFinish = () => {
        throw new OutboardError('system', 'cannot flush');
      };
    },
    error: { kind: 'system', message: 'cannot flush' },
  },
];

describe('upgradePlugin() leaves the installed version unchanged when', () => {
  for (const { name, prepare, error } of failures) {
    test(name, async () => {
      await using fixture = await openOperationFixture();
      const { first, second, record } = await installFirst(fixture);
      const controller = new AbortController();
      prepare(fixture, second, controller);
      const { privileges } = second;
      const request = { plugin, remote, privileges, signal: controller.signal };
      await assert.rejects(upgradePlugin(fixture.parts, request), error);
      await fixture.assertOnly([record], first.digests);
      assert.equal(fixture.rootfsFile(record, 'version'), 'one');
    });
  }

  test('the new version asks for more privileges than were granted', async () => {
    await using fixture = await openOperationFixture();
    const { first, record } = await installFirst(fixture);
    const repository = fixture.remote.repository('acme/plugin');
    publishPlugin(repository, 'v2', { config: { network: { type: 'host' } } });
    const upgrading = upgradePlugin(fixture.parts, { plugin, remote, privileges: first.privileges });
    await assert.rejects(upgrading, { kind: 'forbidden', code: 'privileges-differ' });
    await fixture.assertOnly([record], first.digests);
  });

  test('the content store is full', async () => {
    await using fixture = await openOperationFixture({ maxContentBytes: 2000 });
    const { first, record } = await installFirst(fixture);
    const repository = fixture.remote.repository('acme/plugin');
    const noise = Array.from({ length: 200 }, (_, index) => digestOf(Buffer.from(`${index}`)));
    const large = publishPlugin(repository, 'v2', { layers: [{ large: noise.join('') }] });
    const upgrading = upgradePlugin(fixture.parts, { plugin, remote, privileges: large.privileges });
    await assert.rejects(upgrading, { code: 'no-space' });
    await fixture.assertOnly([record], first.digests);
  });

  test('the record cannot be saved, after the trees were exchanged', async () => {
    await using fixture = await openOperationFixture();
    const { first, second, record } = await installFirst(fixture);
    const { store } = fixture.parts;
    const path = store.paths(record.id).record;
    fixture.jail.beforeFinish = () => {
      rmSync(path);
      mkdirSync(join(path, 'in the way'), { recursive: true });
    };
    const upgrading = upgradePlugin(fixture.parts, { plugin, remote, privileges: second.privileges });
    await assert.rejects(upgrading, { kind: 'system', message: /config\.json/ });
    assert.deepEqual(store.find(plugin), record);
    assert.equal(fixture.rootfsFile(record, 'version'), 'one');
    rmSync(path, { recursive: true });
    await store.save(record);
    await fixture.assertOnly([record], first.digests);
  });
});
