/**
 * A home with a sequence of daemons, each started after the end of the last one, while plugins run in it.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { makeDaemonHome, startDaemon, type TestDaemon } from './daemon.ts';
import { checkDataRoot } from './data-root.ts';
import { snapshotHost } from './host-snapshot.ts';
import { type PluginApi, pluginApi } from './plugin-api.ts';
import { pluginArchive } from './plugin-archive.ts';
import { assertRunningPlugins, pidOfPlugin } from './running-plugins.ts';
import { slowed } from './slowness.ts';

export interface RestartableDaemon {
  readonly home: string;
  daemon: TestDaemon;
  api: PluginApi;
  /** IDs of all plugins so far. */
  readonly ids: string[];
}

/** Start the first daemon. At the end of the test, all plugins and the home are removed. */
export async function openRestartableDaemon(context: TestContext): Promise<RestartableDaemon> {
  const { home, remove } = await makeDaemonHome();
  const daemon = await startDaemon({ home });
  const place: RestartableDaemon = { home, daemon, api: pluginApi(daemon.socket), ids: [] };
  context.after(async () => {
    for (const { name } of checkDataRoot(place.daemon.dataRoot).plugins) {
      await place.api.remove(name, { force: true });
    }
    await place.daemon.end('SIGTERM');
    await remove();
  });
  return place;
}

/** Start the next daemon after the end of the last one. */
export async function startNextDaemon(place: RestartableDaemon): Promise<void> {
  place.daemon = await startDaemon({ home: place.home });
  place.api = pluginApi(place.daemon.socket);
}

/** Create a plugin and enable it. @returns its ID */
export async function enablePlugin(
  place: RestartableDaemon,
  name: string,
  archive: Buffer = pluginArchive(),
): Promise<string> {
  await place.api.create(name, archive);
  await place.api.enable(name);
  const { plugins } = checkDataRoot(place.daemon.dataRoot);
  const id =
    plugins.find((plugin) => plugin.name === `${name}:latest`)?.id ?? assert.fail(`no plugin ${name}`);
  place.ids.push(id);
  return id;
}

/** `assertRunningPlugins` for this home. */
export function assertRunning({ home, daemon, ids }: RestartableDaemon, running: readonly string[]): void {
  assertRunningPlugins({ home, execRoot: daemon.execRoot, daemons: [daemon.pid], ids }, running);
}

/** Monitors and plugins of a home. */
export function pidsOf({ home, ids }: Pick<RestartableDaemon, 'home' | 'ids'>): readonly number[] {
  return snapshotHost(home, { plugins: ids }).processes.map((line) => Number.parseInt(line, 10));
}

/** A process that is no child emits no event at its end, so this polls for up to 30 s. */
export async function untilGone(pid: number): Promise<void> {
  const deadline = AbortSignal.timeout(slowed(30_000));
  while (isAlive(pid)) await delay(10, undefined, { signal: deadline });
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/ Z [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}

/** The run record is removed before a start and written after it; polled for up to 30 s. */
export async function untilOtherPid(execRoot: string, id: string, pid: number): Promise<void> {
  const deadline = AbortSignal.timeout(slowed(30_000));
  while ([undefined, pid].includes(pidOfPluginIfThere(execRoot, id))) {
    await delay(20, undefined, { signal: deadline });
  }
}

function pidOfPluginIfThere(execRoot: string, id: string): number | undefined {
  try {
    return pidOfPlugin(execRoot, id);
  } catch (error) {
    // Errors of files are system errors.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
