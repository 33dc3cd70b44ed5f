/**
 * Steps of a stop or a start that fail: no state is left that no operation leaves.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openRunningContainers } from '@outboard/container';
import pino from 'pino';
import { createPreflight } from '../preflight/host-preflight.ts';
import { createSupervisorFixture, listening, type SupervisorFixture } from '../testing/supervisor-fixture.ts';
import { createPluginHost } from './host/linux-plugin-host.ts';
import type { PluginHost } from './host/plugin-host.ts';

/** A host that refuses a given number of removals. */
function refusingHost({ layout, execRoot }: SupervisorFixture): {
  readonly host: PluginHost;
  refusals: number;
} {
  const logger = pino({ level: 'silent' });
  const preflight = createPreflight({ layout, runtime: 'runc', logger });
  const containers = openRunningContainers({ execRoot, logger });
  const host = createPluginHost({
    layout,
    execRoot,
    containers,
    cgroupDriver: 'cgroupfs',
    preflight,
    logger,
  });
  const cleanUp = host.cleanUp.bind(host);
  const refusing = {
    refusals: 0,
    host: Object.assign(host, {
      cleanUp(...args: Parameters<PluginHost['cleanUp']>) {
        if (refusing.refusals === 0) return cleanUp(...args);
        refusing.refusals -= 1;
        return Promise.reject(new Error('the mount is busy'));
      },
    }),
  };
  return refusing;
}

test('a plugin that cannot be stopped has failed, and may be stopped again', async (t) => {
  const fixture = createSupervisorFixture(t);
  const refusing = refusingHost(fixture);
  const { supervisor } = await fixture.open({ host: refusing.host });
  const record = fixture.install(listening);
  await supervisor.start(record);
  refusing.refusals = 2;
  for (const _ of [1, 2]) {
    await assert.rejects(supervisor.stop(record.id), { message: 'the mount is busy' });
    const state = supervisor.state(record.id);
    assert.equal(
      state.status === 'failed' && state.reason,
      'the plugin could not be stopped: the mount is busy',
    );
  }
  await supervisor.stop(record.id);
  assert.deepEqual(supervisor.state(record.id), { status: 'disabled' });
});

test('a plugin that could not be stopped may be started', async (t) => {
  const fixture = createSupervisorFixture(t);
  const refusing = refusingHost(fixture);
  const { supervisor } = await fixture.open({ host: refusing.host });
  const record = fixture.install(listening);
  await supervisor.start(record);
  refusing.refusals = 2;
  await assert.rejects(supervisor.stop(record.id), { message: 'the mount is busy' });
  // Not before all of the last run is gone.
  await assert.rejects(supervisor.start(record), { message: 'the mount is busy' });
  assert.equal(supervisor.state(record.id).status, 'failed');
  await supervisor.start(record);
  assert.equal(supervisor.state(record.id).status, 'running');
  await supervisor.stop(record.id);
});

test('restart() logs a stop that fails, and goes on trying', async (t) => {
  const fixture = createSupervisorFixture(t);
  const refusing = refusingHost(fixture);
  const { supervisor, waitFor } = await fixture.open({ host: refusing.host });
  const record = fixture.install(listening);
  await supervisor.start(record);
  refusing.refusals = 3;
  await assert.rejects(supervisor.restart(record), { message: 'the mount is busy' });
  await waitFor(record.id, 'running');
  await supervisor.stop(record.id);
});

test('a failed start that cannot be undone leaves the plugin failed, and a stop undoes it', async (t) => {
  const fixture = createSupervisorFixture(t);
  const refusing = refusingHost(fixture);
  const { supervisor } = await fixture.open({ host: refusing.host });
  const record = fixture.install('process.exit(3);');
  refusing.refusals = 1;
  await assert.rejects(supervisor.start(record), { message: /exited with code 3/ });
  assert.equal(supervisor.state(record.id).status, 'failed');
  await supervisor.stop(record.id);
  assert.deepEqual(supervisor.state(record.id), { status: 'disabled' });
});

test('a failed removal of a plugin that should not run is repeated by a stop', async (t) => {
  const fixture = createSupervisorFixture(t);
  const first = await fixture.open();
  const record = fixture.install(listening);
  await first.supervisor.start(record);
  await first.supervisor.shutdown('leave-running');

  const refusing = refusingHost(fixture);
  const { supervisor } = await fixture.open({ host: refusing.host });
  refusing.refusals = 2;
  await supervisor.restore([]);
  await assert.rejects(supervisor.stop(record.id), { message: 'the mount is busy' });
  await supervisor.stop(record.id);
});
