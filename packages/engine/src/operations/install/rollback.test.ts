/**
 * Rollbacks to the version before an upgrade.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OutboardError } from '@outboard/oci';
import type { PluginRecord } from '../../config/plugin-config.ts';
import {
  enableFirst,
  followSteps,
  isSecond,
  plugin,
  probationMs,
  remote,
} from '../../testing/live-upgrade-fixture.ts';
import { openOperationFixture } from '../../testing/operation-fixture.ts';
import { publishPlugin } from '../../testing/published-plugin.ts';
import { collectOnRequest } from '../content/collect-garbage.ts';
import { pullPlugin } from './pull.ts';
import { rollbackPlugin } from './rollback.ts';
import { upgradePlugin } from './upgrade.ts';

describe('rollbackPlugin()', () => {
  test('returns to the version before while the plugin stays enabled, and forward again', async () => {
    await using fixture = await openOperationFixture();
    const { first, second, record, request } = await enableFirst(fixture, { description: 'v2' });
    await upgradePlugin(fixture.parts, request);
    const steps = followSteps(fixture);
    const back = await rollbackPlugin(fixture.parts, plugin, { probationMs });
    assert.equal(back.manifestDigest, first.manifestDigest);
    assert.equal(back.pluginReference, record.pluginReference);
    assert.deepEqual(back.privileges, record.privileges);
    assert.equal(fixture.rootfsFile(back, 'version'), 'one');
    assert.equal(fixture.previousFile(back, 'version'), 'two');
    await fixture.assertOnly([back], [...first.digests, ...second.digests]);
    const forward = await rollbackPlugin(fixture.parts, plugin, { probationMs });
    assert.equal(forward.manifestDigest, second.manifestDigest);
    assert.equal(fixture.rootfsFile(forward, 'version'), 'two');
    assert.deepEqual(steps, [
      'stop',
      'start a plugin for tests, enabled true',
      'stop',
      'start v2, enabled true',
    ]);
    assert.deepEqual(
      fixture.events.slice(-2).map(({ action }) => action),
      ['rollback', 'rollback'],
    );
  });

  test('brings back the settings of that version, with what was set since', async () => {
    await using fixture = await openOperationFixture();
    const repository = fixture.remote.repository('acme/plugin');
    const env = (...names: readonly string[]) =>
      names.map((name) => ({ name, value: '0', settable: ['value'] }));
    const first = publishPlugin(repository, 'v1', { config: { env: env('OLD', 'BOTH', 'LATE') } });
    const second = publishPlugin(repository, 'v2', { config: { env: env('BOTH', 'LATE', 'NEW') } });
    const { store } = fixture.parts;
    const installed = await pullPlugin(fixture.parts, { remote: plugin, privileges: first.privileges });
    const settings = (record: PluginRecord, ...changed: readonly string[]) =>
      store.save({ ...record, settings: { ...record.settings, env: changed } });
    await settings(installed, 'OLD=1', 'BOTH=1', 'LATE=0');
    const request = { plugin, remote, privileges: second.privileges };
    const upgraded = await upgradePlugin(fixture.parts, request);
    assert.deepEqual(upgraded.settings.env, ['BOTH=1', 'LATE=0', 'NEW=0']);
    await settings(upgraded, 'BOTH=1', 'LATE=2', 'NEW=2');
    const back = await rollbackPlugin(fixture.parts, plugin);
    assert.deepEqual(back.settings.env, ['OLD=1', 'BOTH=1', 'LATE=2']);
    assert.equal(back.enabled, false);
  });

  test('runs the present version on when the one before does not serve', async () => {
    await using fixture = await openOperationFixture();
    const { first, second, request } = await enableFirst(fixture, { description: 'v2' });
    const upgraded = await upgradePlugin(fixture.parts, request);
    fixture.parts.supervisor.beforeStart = (record) => {
      if (!isSecond(record)) throw new OutboardError('system', 'it does not start any more');
    };
    await assert.rejects(rollbackPlugin(fixture.parts, plugin, { probationMs }), {
      code: 'rolled-back',
      message: /was not rolled back, and the installed version runs again: it does not start any more/,
    });
    assert.deepEqual(fixture.parts.store.find(plugin), upgraded);
    assert.equal(fixture.rootfsFile(upgraded, 'version'), 'two');
    assert.equal(fixture.previousFile(upgraded, 'version'), 'one');
    await fixture.assertOnly([upgraded], [...first.digests, ...second.digests]);
  });

  test('is not possible any more once the version before was forgotten', async () => {
    await using fixture = await openOperationFixture();
    const { second, record, request } = await enableFirst(fixture);
    await upgradePlugin(fixture.parts, request);
    assert.deepEqual(await collectOnRequest(fixture.parts), { blobs: 0, bytes: 0 });
    const { forgotten, blobs } = await collectOnRequest(fixture.parts, { all: true });
    assert.equal(forgotten?.versions, 1);
    assert.ok((forgotten?.bytes ?? 0) > 0);
    assert.equal(blobs, 2, 'manifest and layer; both versions have the same config');
    const kept = fixture.parts.store.find(record.id);
    await fixture.assertOnly([kept], second.digests);
    await assert.rejects(rollbackPlugin(fixture.parts, plugin), /has no version to roll back to/);
  });

  test('is refused when there was no upgrade', async () => {
    await using fixture = await openOperationFixture();
    await enableFirst(fixture);
    await assert.rejects(rollbackPlugin(fixture.parts, plugin), {
      kind: 'conflict',
      message: /has no version to roll back to/,
    });
  });
});
