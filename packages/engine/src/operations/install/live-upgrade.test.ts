/**
 * Upgrades of enabled plugins: calls wait, and the version before is kept.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { newHeldVolume } from '../../mounts/held-volume.ts';
import { assertFirst, enableFirst, followSteps } from '../../testing/live-upgrade-fixture.ts';
import { openOperationFixture } from '../../testing/operation-fixture.ts';
import { upgradePlugin } from './upgrade.ts';

describe('upgradePlugin() of an enabled plugin', () => {
  test('switches it while it stays enabled, and keeps the version before', async () => {
    await using fixture = await openOperationFixture();
    const { first, second, record, request } = await enableFirst(fixture, { description: 'v2' });
    const steps = followSteps(fixture);
    const upgraded = await upgradePlugin(fixture.parts, request);
    assert.deepEqual(steps, ['stop', 'start v2, enabled true']);
    assert.equal(upgraded.enabled, true);
    assert.equal(upgraded.timeoutSeconds, 7);
    assert.equal(fixture.rootfsFile(record, 'version'), 'two');
    assert.equal(fixture.previousFile(record, 'version'), 'one');
    await fixture.assertOnly([upgraded], [...first.digests, ...second.digests]);
    await fixture.parts.serving.ready(record.id);
  });

  test('lets calls wait from before the stop until the new version is prepared', async () => {
    await using fixture = await openOperationFixture();
    const { record, request } = await enableFirst(fixture);
    const { gates, supervisor, serving } = fixture.parts;
    const { id } = record;
    const order: string[] = [];
    const inFlight = await gates.enter(id);
    serving.onBeforeServing(async ({ pluginId }) => {
      await assert.rejects(gates.enter(id, { waitMs: 0 }), { code: 'plugin-not-ready' });
      order.push(`prepare ${pluginId === id}`);
    });
    supervisor.beforeStop = () => void order.push('stop');
    const upgrading = upgradePlugin(fixture.parts, request);
    // The gate is closed once the new version is unpacked; the call in flight still holds up the stop.
    for (;;) {
      const pass = await gates.enter(id, { waitMs: 0 }).catch(() => undefined);
      if (pass === undefined) break;
      pass[Symbol.dispose]();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const waiting = gates.enter(id).then((pass) => {
      order.push('call');
      pass[Symbol.dispose]();
    });
    order.push('end of the call in flight');
    inFlight[Symbol.dispose]();
    await Promise.all([upgrading, waiting]);
    assert.deepEqual(order, ['end of the call in flight', 'stop', 'prepare true', 'call']);
  });

  test('is refused without being asked for', async () => {
    await using fixture = await openOperationFixture();
    const { first, record, request } = await enableFirst(fixture);
    const upgrading = upgradePlugin(fixture.parts, { ...request, isLive: false });
    await assert.rejects(upgrading, { kind: 'conflict', message: /must be disabled before upgrading/ });
    await assertFirst(fixture, record, first.digests);
  });

  test('does not hold up other operations on the plugin while it downloads', async () => {
    await using fixture = await openOperationFixture();
    const { record, request } = await enableFirst(fixture);
    let ran = false;
    fixture.jail.beforeApply = () =>
      fixture.parts.queue.run(record.id, async () => {
        ran = true;
      });
    await upgradePlugin(fixture.parts, request);
    assert.ok(ran);
  });

  for (const kind of ['log', 'stream'] as const) {
    test(`is refused without force while a ${kind} is open`, async () => {
      await using fixture = await openOperationFixture();
      const { first, record, request } = await enableFirst(fixture);
      fixture.parts.references.addSource(() => [{ kind, holder: 'X.Y/1', since: new Date(0) }]);
      const message = new RegExp(`${kind} X\\.Y.*: its .* ends; end these uses first, or use force`);
      await assert.rejects(upgradePlugin(fixture.parts, request), { code: 'in-use', message });
      await assertFirst(fixture, record, first.digests);
      await upgradePlugin(fixture.parts, { ...request, force: true });
    });
  }

  for (const [title, fileSystem, hostPath, isRefused] of [
    ['a file system that the plugin serves', 'fuse.sshfs', '/propagated-mount/v', true],
    ['a directory of the root filesystem', '', '/rootfs/v', true],
    ['a file system that the kernel serves', 'ext4', '/propagated-mount/v', false],
    ['a directory of the propagated mount', '', '/propagated-mount/v', false],
  ] as const) {
    test(`${isRefused ? 'is refused without force' : 'is allowed'} while ${title} is in use`, async () => {
      await using fixture = await openOperationFixture();
      const { first, record, request } = await enableFirst(fixture);
      const { parts } = fixture;
      const { directory } = parts.store.paths(record.id);
      const held = { ...newHeldVolume({ bootId: 'b', driver: record.name, volume: 'v' }), fileSystem };
      parts.mounts.held = () => [{ ...held, hostPath: `${directory}${hostPath}` }];
      parts.references.addSource(() => [{ kind: 'mount', holder: 'v/web', since: new Date(0) }]);
      const upgrading = upgradePlugin(parts, request);
      if (!isRefused) return void (await upgrading);
      await assert.rejects(upgrading, { kind: 'conflict', code: 'in-use', message: /volume v mounted/ });
      await assertFirst(fixture, record, first.digests);
      const told: string[] = [];
      await upgradePlugin(parts, {
        ...request,
        force: true,
        onProgress: ({ status }) => void told.push(status ?? ''),
      });
      assert.ok(told.some((line) => line.startsWith('Interrupts volume v mounted')));
    });
  }
});
