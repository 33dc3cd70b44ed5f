/**
 * Upgrades of enabled plugins whose new version fails: the version before serves again.
 */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { OutboardError } from '@outboard/oci';
import type { PluginRecord } from '../../config/plugin-config.ts';
import {
  assertFirst,
  enableFirst,
  followSteps,
  isSecond,
  plugin,
} from '../../testing/live-upgrade-fixture.ts';
import { type OperationFixture, openOperationFixture } from '../../testing/operation-fixture.ts';
import { upgradePlugin } from './upgrade.ts';

/** One way in which the new version fails. */
interface Failure {
  readonly title: string;
  readonly prepare: (fixture: OperationFixture, record: PluginRecord, abort: AbortController) => void;
  readonly message: RegExp;
}

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
