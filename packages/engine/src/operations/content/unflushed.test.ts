import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { failDirectoryFlushes } from '@outboard/oci/testing';
import pino from 'pino';
import { PluginStore } from '../../store/plugin-store.ts';
import { type OperationFixture, openOperationFixture } from '../../testing/operation-fixture.ts';
import { publishPlugin } from '../../testing/published-plugin.ts';
import { pullPlugin } from '../install/pull.ts';
import { removePlugin } from '../install/remove.ts';
import { upgradePlugin } from '../install/upgrade.ts';
import { collectOnRequest } from './collect-garbage.ts';

const plugin = 'registry.test/acme/plugin:v1';
const remote = 'registry.test/acme/plugin:v2';

async function install(fixture: OperationFixture) {
  const repository = fixture.remote.repository('acme/plugin');
  const first = publishPlugin(repository, 'v1', { layers: [{ version: 'one' }] });
  const second = publishPlugin(repository, 'v2', { layers: [{ version: 'two' }] });
  const record = await pullPlugin(fixture.parts, { remote: plugin, privileges: first.privileges });
  const { layout } = fixture.parts.store;
  return { first, second, record, paths: layout.plugin(record.id), layout };
}

/** The store as the next daemon opens it. */
function reopen({ parts }: OperationFixture): Promise<PluginStore> {
  return PluginStore.open(parts.store.layout, pino({ level: 'silent' }));
}

describe('a change that could not be flushed, and that a power cut undoes, leaves the plugin whole', () => {
  test('V2 when it was the removal: directory and content stay until the next start', async () => {
    await using fixture = await openOperationFixture();
    const { first, record, layout } = await install(fixture);
    using _disk = await failDirectoryFlushes((directory) => directory === layout.pluginsDirectory);
    await removePlugin(fixture.parts, plugin);
    assert.deepEqual(fixture.parts.store.all(), []);
    assert.ok(existsSync(layout.removing(record.id)), 'a power cut would bring back half a plugin');
    for (const digest of first.digests) assert.ok((await fixture.parts.content.stat(digest)).exists, digest);
    await assert.rejects(collectOnRequest(fixture.parts), {
      kind: 'system',
      message: /^cannot collect garbage: a change of a plugin could not be flushed/,
    });
    await reopen(fixture);
    assert.ok(!existsSync(layout.removing(record.id)));
  });

  test('V2 when it was an upgrade: the next start finds the old record with the old tree', async () => {
    await using fixture = await openOperationFixture();
    const { second, record, paths } = await install(fixture);
    const before = readFileSync(paths.record, 'utf8');
    const isCommitted = () => readFileSync(paths.record, 'utf8') !== before;
    {
      using _disk = await failDirectoryFlushes((directory) => directory === paths.directory && isCommitted());
      await upgradePlugin(fixture.parts, { plugin, remote, privileges: second.privileges });
    }
    assert.equal(fixture.rootfsFile(record, 'version'), 'two');
    for (const digest of record.blobDigests) assert.ok((await fixture.parts.content.stat(digest)).exists);
    // The power cut.
    writeFileSync(paths.record, before);
    assert.deepEqual((await reopen(fixture)).all(), [record]);
    assert.equal(fixture.rootfsFile(record, 'version'), 'one');
  });

  test('V2 when it was an upgrade that no power cut undid: the next start ends it', async () => {
    await using fixture = await openOperationFixture();
    const { second, record, paths } = await install(fixture);
    const before = readFileSync(paths.record, 'utf8');
    const isCommitted = () => readFileSync(paths.record, 'utf8') !== before;
    using disk = await failDirectoryFlushes((directory) => directory === paths.directory && isCommitted());
    const upgraded = await upgradePlugin(fixture.parts, { plugin, remote, privileges: second.privileges });
    disk[Symbol.dispose]();
    assert.deepEqual((await reopen(fixture)).all(), [upgraded]);
    assert.equal(fixture.rootfsFile(record, 'version'), 'two');
    assert.equal(fixture.previousFile(record, 'version'), 'one');
    assert.ok(!existsSync(paths.upgradeJournal));
  });
});

test('PluginStore.open() flushes the entries of the directories that it makes', async () => {
  await using fixture = await openOperationFixture();
  const layout = fixture.parts.store.layout;
  using _disk = await failDirectoryFlushes((directory) => directory === layout.pluginsDirectory);
  const inner = { ...layout, pluginsDirectory: `${layout.pluginsDirectory}/inner` };
  await assert.rejects(PluginStore.open(inner, pino({ level: 'silent' })), { kind: 'system' });
});
