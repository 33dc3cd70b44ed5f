import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pullPlugin } from '../operations/install/pull.ts';
import { type OperationFixture, openOperationFixture } from '../testing/operation-fixture.ts';
import { publishPlugin } from '../testing/published-plugin.ts';
import { recordFixture } from '../testing/record-fixture.ts';

const remote = 'registry.test/acme/plugin:v1';

async function install({ remote: registry, parts }: OperationFixture) {
  const { privileges } = publishPlugin(registry.repository('acme/plugin'), 'v1', {});
  return pullPlugin(parts, { remote, privileges });
}

test('the plugins that are enabled by wish are served, and each change of them is announced', async () => {
  await using fixture = await openOperationFixture();
  const { store, serving } = fixture.parts;
  const changes: string[] = [];
  serving.onChange(({ kind, plugin }) => changes.push(`${kind} ${plugin.options.stopTimeoutSeconds ?? '-'}`));
  const record = await install(fixture);
  assert.deepEqual(serving.all(), []);
  const enabled = { ...record, enabled: true };
  await store.save(enabled);
  assert.deepEqual(
    serving.all().map(({ id, name, interfaceTypes }) => [id, name, interfaceTypes]),
    [[record.id, record.name, ['docker.volumedriver/1.0']]],
  );
  await store.save({ ...enabled, timeoutSeconds: 3 });
  const updated = { ...enabled, overrides: { stopTimeoutSeconds: 4 } };
  await store.save(updated);
  const upgraded = { ...updated, manifestDigest: recordFixture({}).manifestDigest };
  await store.save(upgraded);
  assert.equal(serving.get(record.id)?.options.stopTimeoutSeconds, 4);
  await store.save({ ...upgraded, enabled: false });
  assert.equal(serving.get(record.id), undefined);
  await store.save(upgraded);
  await (await store.remove(record.id))();
  assert.deepEqual(changes, ['enabled -', 'changed 4', 'upgraded 4', 'disabled 4', 'enabled 4', 'removed 4']);
});

test('a plugin is ready when it runs and the work before its first call is done', async () => {
  await using fixture = await openOperationFixture();
  const { store, serving, supervisor } = fixture.parts;
  const record = await install(fixture);
  await assert.rejects(serving.ready(record.id), { code: 'plugin-disabled' });
  await store.save({ ...record, enabled: true });
  const prepared: string[] = [];
  serving.onBeforeServing(async ({ pluginId, name }) => {
    prepared.push(`${pluginId} ${name}`);
  });
  const ready = serving.ready(record.id);
  await supervisor.start(record);
  await ready;
  assert.deepEqual(prepared, [`${record.id} ${record.name}`]);
});
