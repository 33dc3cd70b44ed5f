/**
 * Which plugins run, seen from outside of the daemon: by what lies in the exec root, by processes, mounts and cgroups.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isOutboardError } from '@outboard/engine';
import { connectSocket } from '@outboard/protocol';
import { snapshotHost } from './host-snapshot.ts';
import { fixtureSocket } from './plugin-fixture.ts';

/** A daemon's home and what has been in it. */
export interface PluginLocation {
  /** The directory above both roots. */
  readonly home: string;
  readonly execRoot: string;
  /** Processes of the home that are no plugins: the daemon. */
  readonly daemons: readonly number[];
  /** IDs of all plugins that there have been. */
  readonly ids: readonly string[];
}

/** Pid of a plugin's first process. */
export function pidOfPlugin(execRoot: string, id: string): number {
  return JSON.parse(readFileSync(join(execRoot, 'bundles', id, 'run.json'), 'utf8')).container.pid;
}

/** The directories of a plugin's cgroup in one hierarchy, whichever driver made it. @param hierarchy where it is mounted */
export function pluginCgroups(hierarchy: string, id: string): readonly string[] {
  const places = [`outboard-${id}`, `outboard.slice/outboard-${id}.scope`];
  return places.map((place) => join(hierarchy, place)).filter(existsSync);
}

/**
 * Wait until a plugin's socket accepts. A plugin that is started in the background gives no sign outside of the daemon,
 * so this looks again and again, for 30 s.
 */
export async function untilPluginAccepts(execRoot: string, id: string): Promise<void> {
  const path = join(execRoot, 'plugins', id, fixtureSocket);
  const deadline = AbortSignal.timeout(30_000);
  for (;;) {
    try {
      (await connectSocket(path)).destroy();
      // The record of a run is written after the start; the socket may be faster.
      if (existsSync(join(execRoot, 'bundles', id, 'run.json'))) return;
    } catch (error) {
      if (!isOutboardError(error, 'unavailable')) throw error;
    }
    await delay(20, undefined, { signal: deadline });
  }
}

/** How long what a killed daemon left may lie there: the next one serves first and removes it beside that. */
const settleMs = 15_000;

/**
 * Insist that exactly these plugins run, and that nothing of any other is on the host, as soon as that is so.
 * @param running their IDs; each runs one process
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

/** Insist that it is so now. */
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
  // A running plugin has its propagated mount, if any, and has it once.
  const places = seen.mounts.filter((path) => running.some((id) => path.endsWith(`/${id}/propagated-mount`)));
  assert.deepEqual(seen.mounts, [...new Set(places)], 'a mount is left, or is there twice');
  const orphans = seen.cgroups.filter((path) => !running.some((id) => path.includes(id)));
  assert.deepEqual(orphans, [], 'a cgroup is left');
}
