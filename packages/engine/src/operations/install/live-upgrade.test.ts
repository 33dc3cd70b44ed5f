import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { OutboardError } from '@outboard/oci';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { newHeldVolume } from '../../mounts/held-volume.ts';
import { type OperationFixture, openOperationFixture } from '../../testing/operation-fixture.ts';
import { publishPlugin } from '../../testing/published-plugin.ts';
import { collectOnRequest } from '../content/collect-garbage.ts';
import { enablePlugin } from '../control/enable.ts';
import { pullPlugin } from './pull.ts';
import { rollbackPlugin } from './rollback.ts';
import { upgradePlugin } from './upgrade.ts';

const plugin = 'registry.test/acme/plugin:v1';
const remote = 'registry.test/acme/plugin:v2';
const probationMs = 1;

/** A plugin that was pulled as v1 and is enabled, and its version v2. */
async function enableFirst(fixture: OperationFixture, config: object = {}) {
  const repository = fixture.remote.repository('acme/plugin');
  const first = publishPlugin(repository, 'v1', { layers: [{ version: 'one' }] });
  const second = publishPlugin(repository, 'v2', { layers: [{ version: 'two' }], config });
  const { id } = await pullPlugin(fixture.parts, { remote: plugin, privileges: first.privileges });
  await enablePlugin({ ...fixture.parts, inBackground: () => assert.fail() }, plugin, { timeoutSeconds: 7 });
  const record = fixture.parts.store.find(id);
  const request = { plugin, remote, privileges: second.privileges, isLive: true, probationMs };
  return { first, second, record, request };
}

/** Follow the steps by which versions start and stop. */
function followSteps({ parts: { supervisor, store } }: OperationFixture): readonly string[] {
  const steps: string[] = [];
  supervisor.beforeStop = () => void steps.push('stop');
  supervisor.beforeStart = ({ id, config }: PluginRecord) => {
    steps.push(`start ${config.description}, enabled ${store.find(id).enabled}`);
  };
  return steps;
}

/** Assert that v1 is installed and serves. */
async function assertFirst(fixture: OperationFixture, record: PluginRecord, digests: readonly string[]) {
  const { store, supervisor, serving } = fixture.parts;
  assert.deepEqual(store.find(plugin), record);
  assert.equal(fixture.rootfsFile(record, 'version'), 'one');
  assert.equal(supervisor.state(record.id).status, 'running');
  await serving.ready(record.id);
  await fixture.assertOnly([record], digests as Parameters<OperationFixture['assertOnly']>[1]);
}

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

/** One way in which the new version fails. */
interface Failure {
  readonly title: string;
  readonly prepare: (fixture: OperationFixture, record: PluginRecord, abort: AbortController) => void;
  readonly message: RegExp;
}

const isSecond = (record: PluginRecord) => record.config.description === 'v2';

const failures: readonly Failure[] = [
  {
    title: 'does not start',
    prepare({ parts: { supervisor } }) {
      supervisor.beforeStart = (record) => {
        if (isSecond(record))
          throw new OutboardError('system', 'it exited with code 3; its last log lines: "no disk"');
      };
    },
    message:
      /was not upgraded, and the installed version runs again: .*code 3; its last log lines: "no disk"/,
  },
  {
    title: 'ends during its probation',
    prepare({ parts: { supervisor, serving } }, { id }) {
      serving.onBeforeServing(async () => {
        if (fixtureRunsSecond) {
          fixtureRunsSecond = false;
          supervisor.crash(id, { at: new Date(0), reason: 'the plugin exited with code 4', log: ['oh no'] });
        }
      });
      supervisor.beforeStart = (record) => {
        fixtureRunsSecond = isSecond(record);
      };
    },
    message: /the installed version runs again: the plugin exited with code 4; its last log lines: "oh no"/,
  },
  {
    title: 'cannot mount a volume again',
    prepare({ parts: { serving, supervisor } }) {
      serving.onBeforeServing(async () => {
        if (fixtureRunsSecond) throw new Error('cannot mount data');
      });
      supervisor.beforeStart = (record) => {
        fixtureRunsSecond = isSecond(record);
      };
    },
    message: /the installed version runs again: cannot mount data/,
  },
  {
    title: 'has started and the caller has left',
    prepare({ parts: { supervisor } }, _record, controller) {
      supervisor.beforeStart = (record) => {
        if (isSecond(record)) controller.abort(new Error('the client has left'));
      };
    },
    message: /the installed version runs again: the client has left/,
  },
  {
    title: 'runs and its record cannot be saved',
    prepare({ parts: { supervisor, store } }, { id }) {
      const path = store.paths(id).record;
      supervisor.beforeStart = (record) => {
        rmSync(path, { recursive: true });
        if (isSecond(record)) mkdirSync(join(path, 'in the way'), { recursive: true });
      };
    },
    message: /the installed version runs again: .*config\.json/,
  },
];

/** True while the new version of a test runs. */
let fixtureRunsSecond = false;

describe('upgradePlugin() returns to the version before when the new one', () => {
  for (const { title, prepare, message } of failures) {
    test(title, async () => {
      await using fixture = await openOperationFixture();
      const { first, record, request } = await enableFirst(fixture, { description: 'v2' });
      const controller = new AbortController();
      prepare(fixture, record, controller);
      const upgrading = upgradePlugin(fixture.parts, { ...request, signal: controller.signal });
      await assert.rejects(upgrading, { code: 'rolled-back', message });
      await fixture.parts.store.save(record); // one of the tests has removed the file
      await assertFirst(fixture, record, first.digests);
    });
  }

  test('lacks something on the host, before anything was stopped', async () => {
    await using fixture = await openOperationFixture();
    const { first, record, request } = await enableFirst(fixture);
    const steps = followSteps(fixture);
    const looked: (string | undefined)[] = [];
    const preflight = {
      check: async () => [],
      clear: async (_record: PluginRecord, options: { readonly rootfs?: string | undefined } = {}) => {
        looked.push(options.rootfs);
        throw new OutboardError('system', 'no /dev/fuse', { code: 'preflight' });
      },
    };
    await assert.rejects(upgradePlugin({ ...fixture.parts, preflight }, request), { code: 'preflight' });
    assert.deepEqual(steps, []);
    assert.deepEqual(looked, [fixture.parts.store.paths(record.id).upgradeRootfs]);
    await assertFirst(fixture, record, first.digests);
  });

  test('does not start, and says so when the old one does not start either', async () => {
    await using fixture = await openOperationFixture();
    const { record, request } = await enableFirst(fixture, { description: 'v2' });
    fixture.parts.supervisor.beforeStart = (started) => {
      throw new OutboardError('system', isSecond(started) ? 'new failed' : 'old failed');
    };
    await assert.rejects(upgradePlugin(fixture.parts, request), {
      code: 'rolled-back',
      message: /the installed version has not started again yet: old failed: new failed/,
    });
    assert.deepEqual(fixture.parts.store.find(plugin), record);
    assert.equal(fixture.rootfsFile(record, 'version'), 'one');
  });
});

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
