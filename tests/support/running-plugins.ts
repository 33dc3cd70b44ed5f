/**
 * Finds running plugins without the daemon: by the exec root, by processes, mounts and cgroups.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isOutboardError } from '@outboard/engine';
import { connectSocket } from '@outboard/protocol';
import { snapshotHost } from './host-snapshot.ts';
import { fixtureSocket } from './plugin-fixture.ts';
import { slowed } from './slowness.ts';

/** Home of a daemon and its contents so far. */
export interface PluginLocation {
  /** Parent directory of both roots. */
  readonly home: string;
  readonly execRoot: string;
  /** Processes of the home that are no plugins: the daemon. */
  readonly daemons: readonly number[];
  /** IDs of all plugins so far. */
  readonly ids: readonly string[];
}

/** Pid of a plugin's first process. */
export function pidOfPlugin(execRoot: string, id: string): number {
  return JSON.parse(readFileSync(join(execRoot, 'bundles', id, 'run.json'), 'utf8')).container.pid;
}

/**
 * Cgroup directories of a plugin in one hierarchy, for either cgroup driver; first the one with its limits and commands.
 * On cgroup v2, crun makes that below the scope. @param hierarchy its mount point
 * @see crun(1), "run.oci.systemd.subgroup"
 */
export function pluginCgroups(hierarchy: string, id: string): readonly string[] {
  const scope = `outboard.slice/outboard-${id}.scope`;
  const places = [`outboard-${id}`, join(scope, 'container'), scope];
  return places.map((place) => join(hierarchy, place)).filter(existsSync);
}

/**
 * Wait until a plugin's socket accepts. A start in the background emits no event outside of the daemon, so this polls
 * for up to 30 s.
 */
export async function untilPluginAccepts(execRoot: string, id: string): Promise<void> {
  const path = join(execRoot, 'plugins', id, fixtureSocket);
  const deadline = AbortSignal.timeout(slowed(30_000));
  for (;;) {
    try {
      (await connectSocket(path)).destroy();
      // The run record is written after the start; the socket may be faster.
      if (existsSync(join(execRoot, 'bundles', id, 'run.json'))) return;
    } catch (error) {
      if (!isOutboardError(error, 'unavailable')) throw error;
    }
    await delay(20, undefined, { signal: deadline });
  }
}

/**
 * Upper bound for leftovers of a killed daemon, in milliseconds: its successor serves first and removes them in the
 * background.
 */
const settleMs = slowed(30_000);

/**
 * Wait until exactly these plugins run and no resource of others is on the host, and assert it.
 *
 * @param running IDs of plugins; each runs one process
 */
export async function untilOnlyPluginsRun(place: PluginLocation, running: readonly string[]): Promise<void> {
  const deadline = performance.now() + settleMs;
  for (;;) {
    try {
      return assertRunningPlugins(place, running);
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await delay(20);
  }
}

/** Assert it for this moment. */
export function assertRunningPlugins(place: PluginLocation, running: readonly string[]): void {
  const wanted = [...running].sort();
  for (const directory of ['bundles', 'runtime', 'plugins']) {
    const path = join(place.execRoot, directory);
    assert.deepEqual(
      existsSync(path) ? readdirSync(path).sort() : [],
      wanted,
      `${directory} of the exec root`,
    );
  }
  const seen = snapshotHost(place.home, { plugins: place.ids, daemons: place.daemons });
  const { processes } = seen;
  assert.equal(processes.length, 2 * running.length, `want a monitor and a program each: ${processes}`);
  // A running plugin has its propagated mount, if any, exactly once.
  const places = seen.mounts.filter((path) => running.some((id) => path.endsWith(`/${id}/propagated-mount`)));
  assert.deepEqual(seen.mounts, [...new Set(places)], 'a mount is left, or is there twice');
  const orphans = seen.cgroups.filter((path) => !running.some((id) => path.includes(id)));
  assert.deepEqual(orphans, [], 'a cgroup is left');
}
