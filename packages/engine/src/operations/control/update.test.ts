import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { OutboardError } from '@outboard/oci';
import { optionsOf } from '../../config/options-in-force.ts';
import type { PluginOptions } from '../../config/plugin-options.ts';
import { type OperationFixture, openOperationFixture } from '../../testing/operation-fixture.ts';
import { publishPlugin } from '../../testing/published-plugin.ts';
import { pullPlugin } from '../install/pull.ts';
import { updatePlugin } from './update.ts';

const plugin = 'registry.test/acme/plugin:v1';
const memoryBytes = 64 * 1024 * 1024;

async function install(fixture: OperationFixture, { isRunning = false } = {}) {
  const { privileges, digests } = publishPlugin(fixture.remote.repository('acme/plugin'), 'v1');
  const record = await pullPlugin(fixture.parts, { remote: plugin, privileges });
  if (!isRunning) return { record, digests };
  const enabled = { ...record, enabled: true };
  await fixture.parts.supervisor.start(enabled);
  await fixture.parts.store.save(enabled);
  return { record: enabled, digests };
}

describe('updatePlugin()', () => {
  test('stores the options of a plugin that does not run', async () => {
    await using fixture = await openOperationFixture();
    const { record, digests } = await install(fixture);
    assert.deepEqual(await updatePlugin(fixture.parts, plugin, { limits: { memoryBytes } }), []);
    const updated = fixture.parts.store.find(record.id);
    assert.equal(optionsOf(updated).limits?.memoryBytes, memoryBytes);
    assert.equal(fixture.limits.size, 0);
    await fixture.assertOnly([updated], digests);
  });

  test('applies limits to a plugin that runs at once', async () => {
    await using fixture = await openOperationFixture();
    const { record } = await install(fixture, { isRunning: true });
    assert.deepEqual(await updatePlugin(fixture.parts, plugin, { limits: { memoryBytes } }), []);
    assert.equal(fixture.limits.get(record.id)?.memory?.limit, memoryBytes);
  });

  test('names the options that take effect with the next start', async () => {
    await using fixture = await openOperationFixture();
    await install(fixture, { isRunning: true });
    const latent = await updatePlugin(fixture.parts, plugin, { limits: { openFiles: 1024 } });
    assert.equal(latent.length, 1);
    assert.match(latent[0] ?? '', /^"Limits\.OpenFiles" takes effect/);
  });
});

describe('updatePlugin() changes nothing when', () => {
  test('the kernel refuses the limits', async () => {
    await using fixture = await openOperationFixture();
    const { record, digests } = await install(fixture, { isRunning: true });
    fixture.limits.set = () => {
      throw new OutboardError('conflict', 'more memory is in use');
    };
    await assert.rejects(updatePlugin(fixture.parts, plugin, { limits: { memoryBytes } }), {
      kind: 'conflict',
    });
    await fixture.assertOnly([record], digests);
  });

  test('the record cannot be saved: the limits are taken back', async () => {
    await using fixture = await openOperationFixture();
    const { record, digests } = await install(fixture, { isRunning: true });
    const { store } = fixture.parts;
    const path = store.paths(record.id).record;
    rmSync(path);
    mkdirSync(join(path, 'in the way'), { recursive: true });
    const updating = updatePlugin(fixture.parts, plugin, { limits: { memoryBytes } });
    await assert.rejects(updating, { kind: 'system', message: /config\.json/ });
    assert.notEqual(fixture.limits.get(record.id)?.memory?.limit, memoryBytes);
    assert.deepEqual(store.find(plugin), record);
    rmSync(path, { recursive: true });
    await store.save(record);
    await fixture.assertOnly([record], digests);
  });

  test('the gateway refuses the name of the socket; other changes are none of its business', async () => {
    await using fixture = await openOperationFixture();
    const { record, digests } = await install(fixture);
    const asked: unknown[] = [];
    const parts = {
      ...fixture.parts,
      admitOptions: ({ name }: { name: string }, { gateway }: PluginOptions) => {
        asked.push([name, gateway]);
        throw new OutboardError('conflict', 'taken');
      },
    };
    const patch = { gateway: { alias: 'store' } };
    await assert.rejects(updatePlugin(parts, plugin, patch), { kind: 'conflict', message: 'taken' });
    await fixture.assertOnly([record], digests);
    await updatePlugin(parts, plugin, { limits: { memoryBytes } });
    assert.deepEqual(asked, [[record.name, { alias: 'store' }]]);
  });

  test('one of several options is invalid', async () => {
    await using fixture = await openOperationFixture();
    const { record, digests } = await install(fixture);
    const patch = { limits: { memoryBytes, cpus: availableParallelism() + 1 } };
    await assert.rejects(updatePlugin(fixture.parts, plugin, patch), {
      kind: 'invalid',
      message: /range of CPUs/,
    });
    await fixture.assertOnly([record], digests);
  });

  test('there is no such plugin', async () => {
    await using fixture = await openOperationFixture();
    await assert.rejects(updatePlugin(fixture.parts, plugin, {}), { kind: 'not-found' });
    await fixture.assertOnly([], []);
  });
});
