/**
 * Ten plugins, and a daemon that is killed again and again: during start, restore and idling. No plugin is lost, none
 * runs twice. `OUTBOARD_SEED` repeats a run as far as randomness goes; `OUTBOARD_KILLS` sets the number of kills.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { spawnDaemon } from '../support/daemon.ts';
import { snapshotHost } from '../support/host-snapshot.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPluginArchive } from '../support/perl-plugin.ts';
import {
  assertRunning,
  enablePlugin,
  openRestartableDaemon,
  type RestartableDaemon,
  startNextDaemon,
  untilGone,
  untilOtherPid,
} from '../support/restartable-daemon.ts';
import { pidOfPlugin, untilPluginAccepts } from '../support/running-plugins.ts';
import { chooseSeed, seededRandom } from '../support/seeded-random.ts';

const skip = needsRoot;
const seed = chooseSeed();
const random = seededRandom(seed);
const pluginCount = 10;
const killsOfDaemon = Number(process.env.OUTBOARD_KILLS ?? 50);
const killsOfPlugins = Math.ceil(killsOfDaemon / 5);

async function enableTen(place: RestartableDaemon): Promise<readonly string[]> {
  const names = Array.from({ length: pluginCount }, (_, index) => `plugin-${index}`);
  const ids: string[] = [];
  for (const name of names) ids.push(await enablePlugin(place, name, perlPluginArchive()));
  return ids;
}

/** Kill the daemon and its successors at random instants, most of them before the daemon is ready. */
async function killDaemons(place: RestartableDaemon, times: number, startMs: number): Promise<void> {
  await place.daemon.end('SIGKILL');
  for (let kill = 0; kill < times; kill += 1) {
    const next = spawnDaemon({ home: place.home });
    await delay(random() * 1.3 * startMs);
    await next.end('SIGKILL');
  }
}

async function timeOfStart(place: RestartableDaemon): Promise<number> {
  await place.daemon.end('SIGTERM');
  const startedAt = performance.now();
  await startNextDaemon(place);
  return performance.now() - startedAt;
}

test(`S15 ${killsOfDaemon} kills of the daemon at random times neither lose nor duplicate any of ${pluginCount} plugins`, {
  skip,
}, async (context) => {
  context.diagnostic(`seed ${seed}`);
  const place = await openRestartableDaemon(context);
  const ids = await enableTen(place);
  const pids = ids.map((id) => pidOfPlugin(place.daemon.execRoot, id));
  const startMs = await timeOfStart(place);
  for (let left = killsOfDaemon; left > 0; left -= 10) {
    await killDaemons(place, Math.min(left, 10) - 1, startMs);
    await startNextDaemon(place);
    const told = `seed ${seed}, ${left} kills before the end`;
    assert.deepEqual(
      ids.map((id) => pidOfPlugin(place.daemon.execRoot, id)),
      pids,
      `${told}: a plugin was started anew`,
    );
    for (const id of ids) await untilPluginAccepts(place.daemon.execRoot, id);
    assertRunning(place, ids);
  }
  context.diagnostic(`${killsOfDaemon} kills`);
});

test('S15 plugins and monitors killed together with the daemon are restarted, once each', {
  skip,
}, async (context) => {
  context.diagnostic(`seed ${seed}`);
  const place = await openRestartableDaemon(context);
  const ids = await enableTen(place);
  const startMs = await timeOfStart(place);
  const { execRoot } = place.daemon;
  let kills = 0;
  for (let round = 0; round < killsOfPlugins; round += 1) {
    const victims = ids.filter(() => random() < 0.3);
    const before = victims.map((id) => pidOfPlugin(execRoot, id));
    // All at the same time, so that the exits are seen by a dying daemon, by its successor, or by none.
    const killing = killDaemons(place, 2, startMs);
    await delay(random() * 2 * startMs);
    const monitors = monitorsOf(place);
    for (const [index, id] of victims.entries()) {
      // One of the two, or both in either order.
      const pids = [before[index], monitors.get(id)].filter((pid) => pid !== undefined);
      if (random() < 0.5) pids.reverse();
      for (const pid of pids.slice(random() < 0.5 ? 1 : 0)) {
        killIfThere(pid);
        kills += 1;
      }
    }
    await killing;
    kills += 3; // of the daemon
    await startNextDaemon(place);
    for (const [index, id] of victims.entries()) await untilOtherPid(execRoot, id, before[index] ?? 0);
    for (const id of ids) await untilPluginAccepts(execRoot, id);
    for (const pid of [...before, ...victims.map((id) => monitors.get(id))]) if (pid) await untilGone(pid);
    try {
      assertRunning(place, ids);
    } catch (error) {
      throw new Error(`seed ${seed}, round ${round}: ${error}\n${place.daemon.log()}`, { cause: error });
    }
  }
  context.diagnostic(`${kills} kills`);
});

/** The pid of each plugin's conmon. */
function monitorsOf({ home, ids }: RestartableDaemon): ReadonlyMap<string, number> {
  const { processes } = snapshotHost(home, { plugins: ids });
  const monitors = processes.filter((line) => /^\d+ \S*conmon /.test(line));
  return new Map(
    monitors.map((line) => [ids.find((id) => line.includes(id)) ?? line, Number.parseInt(line, 10)]),
  );
}

/** It may be gone already: the daemon removes leftovers of the exit. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH'); // Errors of process.kill() are system errors.
  }
}
