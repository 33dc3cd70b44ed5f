import assert from 'node:assert/strict';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { OutboardError } from '@outboard/oci';
import {
  assertNameFree,
  type OperationFixture,
  openOperationFixture,
} from '../../testing/operation-fixture.ts';
import { publishPlugin } from '../../testing/published-plugin.ts';
import { pullPlugin } from './pull.ts';
import { removePlugin } from './remove.ts';

const plugin = 'registry.test/acme/plugin:v1';

async function install(fixture: OperationFixture, name?: string) {
  const { privileges, digests } = publishPlugin(fixture.remote.repository('acme/plugin'), 'v1');
  const record = await pullPlugin(fixture.parts, { remote: plugin, privileges, name });
  return { record, digests };
}

/** Install a plugin, start it and record that it is enabled. */
async function installEnabled(fixture: OperationFixture) {
  const { record, digests } = await install(fixture);
  const enabled = { ...record, enabled: true };
  await fixture.parts.supervisor.start(enabled);
  await fixture.parts.store.save(enabled);
  return { record: enabled, digests };
}

describe('removePlugin()', () => {
  test('deletes the plugin and its content, frees its name and announces it', async () => {
    await using fixture = await openOperationFixture();
    const { record } = await install(fixture);
    await removePlugin(fixture.parts, plugin);
    await fixture.assertOnly([], []);
    assertNameFree(fixture.parts.store, plugin);
    assert.deepEqual(
      fixture.events.map(({ action, id }) => [action, id]),
      [
        ['pull', plugin],
        ['remove', record.id],
      ],
    );
    await assert.rejects(removePlugin(fixture.parts, plugin), { kind: 'not-found' });
  });

  test('keeps the content that another plugin refers to', async () => {
    await using fixture = await openOperationFixture();
    const { record, digests } = await install(fixture);
    await install(fixture, 'acme/second:v1');
    await removePlugin(fixture.parts, 'acme/second:v1');
    await fixture.assertOnly([record], digests);
  });

  test('stops and removes an enabled plugin by force', async () => {
    await using fixture = await openOperationFixture();
    const { record } = await installEnabled(fixture);
    await removePlugin(fixture.parts, plugin, { force: true });
    assert.equal(fixture.parts.supervisor.state(record.id).status, 'disabled');
    await fixture.assertOnly([], []);
  });
});

describe('removePlugin() leaves the plugin as it was when', () => {
  test('it is enabled', async () => {
    await using fixture = await openOperationFixture();
    const { record, digests } = await installEnabled(fixture);
    await assert.rejects(removePlugin(fixture.parts, plugin), { kind: 'conflict', message: /is enabled/ });
    assert.equal(fixture.parts.supervisor.state(record.id).status, 'running');
    await fixture.assertOnly([record], digests);
  });

  test('it is in use', async () => {
    await using fixture = await openOperationFixture();
    const { record, digests } = await install(fixture);
    const { references, store } = fixture.parts;
    const reference = { kind: 'volume', holder: 'data' } as const;
    await references.add(record.id, reference);
    await assert.rejects(removePlugin(fixture.parts, plugin), { kind: 'conflict', code: 'in-use' });
    await references.remove(record.id, reference);
    rmSync(store.paths(record.id).references, { force: true });
    await fixture.assertOnly([record], digests);
  });

  test('it cannot be stopped: it is started again', async () => {
    await using fixture = await openOperationFixture();
    const { record, digests } = await installEnabled(fixture);
    const { supervisor } = fixture.parts;
    supervisor.beforeStop = () => {
      throw new OutboardError('system', 'a process cannot be killed');
    };
    const removing = removePlugin(fixture.parts, plugin, { force: true });
    await assert.rejects(removing, { kind: 'system', message: 'a process cannot be killed' });
    assert.equal(supervisor.state(record.id).status, 'running');
    await fixture.assertOnly([record], digests);
  });

  test('its directory cannot be renamed: it is started again', async () => {
    await using fixture = await openOperationFixture();
    const { record, digests } = await installEnabled(fixture);
    const { store, supervisor } = fixture.parts;
    const obstacle = store.layout.removing(record.id);
    writeFileSync(obstacle, 'a file where the directory is renamed to');
    chmodSync(obstacle, 0o600);
    await assert.rejects(removePlugin(fixture.parts, plugin, { force: true }), { kind: 'system' });
    rmSync(obstacle);
    assert.equal(supervisor.state(record.id).status, 'running');
    await fixture.assertOnly([record], digests);
  });
});
