/**
 * Ten plugins whose processes are gone when the next daemon starts: after a reboot, or killed and with their pids
 * reused.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkDataRoot } from '../support/data-root.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPluginArchive } from '../support/perl-plugin.ts';
import {
  assertRunning,
  enablePlugin,
  openRestartableDaemon,
  pidsOf,
  type RestartableDaemon,
  startNextDaemon,
  untilGone,
  untilOtherPid,
} from '../support/restartable-daemon.ts';
import { pidOfPlugin, untilPluginAccepts } from '../support/running-plugins.ts';

const skip = needsRoot;
const pluginCount = 10;

/** Files of plugin processes outside the data root. */
const remains: Readonly<Record<string, (place: RestartableDaemon, stranger: number) => Promise<void>>> = {
  'S18 a reboot that emptied the exec root': ({ daemon }) => rm(daemon.execRoot, { recursive: true }),
  'S17 a reboot that left an exec root, whose pids others have now': (place, stranger) =>
    rewriteRuns(place, { pid: stranger, bootId: '00000000-0000-0000-0000-000000000000' }),
  'S16 kills after which others have their pids': (place, stranger) => rewriteRuns(place, { pid: stranger }),
};

for (const [event, leave] of Object.entries(remains)) {
  test(`after ${event} each of ${pluginCount} plugins runs once, and no unrelated process is killed`, {
    skip,
  }, async (context) => {
    const place = await openRestartableDaemon(context);
    const ids: string[] = [];
    for (let index = 0; index < pluginCount; index += 1) {
      ids.push(await enablePlugin(place, `plugin-${index}`, perlPluginArchive()));
    }
    await place.api.create('idle', perlPluginArchive());
    const { execRoot, dataRoot } = place.daemon;
    const before = ids.map((id) => pidOfPlugin(execRoot, id));
    await place.daemon.end('SIGKILL');
    const killed = pidsOf(place);
    for (const pid of killed) process.kill(pid, 'SIGKILL');
    for (const pid of killed) await untilGone(pid);
    const stranger = startStranger(context);
    await leave(place, stranger.pid);

    await startNextDaemon(place);
    for (const [index, id] of ids.entries()) await untilOtherPid(execRoot, id, before[index] ?? 0);
    for (const id of ids) await untilOtherPid(execRoot, id, stranger.pid);
    for (const id of ids) await untilPluginAccepts(execRoot, id);
    assertRunning(place, ids);
    assert.equal(stranger.hasEnded(), false, 'a process that is no plugin was killed');
    const enabled = checkDataRoot(dataRoot).plugins.filter((plugin) => plugin.enabled);
    assert.deepEqual(enabled.map(({ id }) => id).sort(), [...ids].sort());
  });
}

/** A process with a process group of its own, which a kill of the group would end too. */
function startStranger(context: TestContext): { readonly pid: number; hasEnded(): boolean } {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
  context.after(async () => {
    if (child.kill('SIGKILL')) await once(child, 'exit');
  });
  if (child.pid === undefined) throw new Error('cannot start a process');
  return { pid: child.pid, hasEnded: () => child.exitCode !== null || child.signalCode !== null };
}

/** Make the run records name another process, and optionally another boot, with its start time. */
async function rewriteRuns(
  { daemon, ids }: RestartableDaemon,
  changes: { readonly pid: number; readonly bootId?: string },
): Promise<void> {
  const { pid, ...others } = changes;
  for (const id of ids) {
    const path = join(daemon.execRoot, 'bundles', id, 'run.json');
    const record = JSON.parse(readFileSync(path, 'utf8'));
    const { container, monitor } = record;
    const renamed = { container: { ...container, pid }, monitor: { ...monitor, pid } };
    await writeFile(path, JSON.stringify({ ...record, ...others, ...renamed }));
  }
}
