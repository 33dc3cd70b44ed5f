/**
 * A running plugin and its next version, for tests of upgrades and rollbacks without a pause.
 */
import assert from 'node:assert/strict';
import type { PluginRecord } from '../config/plugin-config.ts';
import { enablePlugin } from '../operations/control/enable.ts';
import { pullPlugin } from '../operations/install/pull.ts';
import type { OperationFixture } from './operation-fixture.ts';
import { publishPlugin } from './published-plugin.ts';

/** The version that is installed. */
export const plugin = 'registry.test/acme/plugin:v1';
/** The next version. */
export const remote = 'registry.test/acme/plugin:v2';
/** Time that the next version is watched. */
export const probationMs = 1;

/** A plugin that was pulled as v1 and is enabled, and its version v2. */
export async function enableFirst(fixture: OperationFixture, config: object = {}) {
  const repository = fixture.remote.repository('acme/plugin');
  const first = publishPlugin(repository, 'v1', { layers: [{ version: 'one' }] });
  const second = publishPlugin(repository, 'v2', { layers: [{ version: 'two' }], config });
  const { id } = await pullPlugin(fixture.parts, { remote: plugin, privileges: first.privileges });
  await enablePlugin({ ...fixture.parts, inBackground: () => assert.fail() }, plugin, { timeoutSeconds: 7 });
  const record = fixture.parts.store.find(id);
  const request = { plugin, remote, privileges: second.privileges, isLive: true, probationMs };
  return { first, second, record, request };
}

/** True for the next version, whose config says so. */
export function isSecond(record: PluginRecord): boolean {
  return record.config.description === 'v2';
}

/** Follow the steps by which versions start and stop. */
export function followSteps({ parts: { supervisor, store } }: OperationFixture): readonly string[] {
  const steps: string[] = [];
  supervisor.beforeStop = () => void steps.push('stop');
  supervisor.beforeStart = ({ id, config }: PluginRecord) => {
    steps.push(`start ${config.description}, enabled ${store.find(id).enabled}`);
  };
  return steps;
}

/** Assert that v1 is installed and serves. */
export async function assertFirst(
  fixture: OperationFixture,
  record: PluginRecord,
  digests: readonly string[],
) {
  const { store, supervisor, serving } = fixture.parts;
  assert.deepEqual(store.find(plugin), record);
  assert.equal(fixture.rootfsFile(record, 'version'), 'one');
  assert.equal(supervisor.state(record.id).status, 'running');
  await serving.ready(record.id);
  await fixture.assertOnly([record], digests as Parameters<OperationFixture['assertOnly']>[1]);
}
