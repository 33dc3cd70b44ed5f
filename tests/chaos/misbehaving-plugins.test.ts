/**
 * Plugins that try to harm the host: with mounts that they leave, and with endless output.
 */
import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { callApi } from '../support/daemon.ts';
import { snapshotHost } from '../support/host-snapshot.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPluginArchive } from '../support/perl-plugin.ts';
import {
  assertRunning,
  enablePlugin,
  openRestartableDaemon,
  startNextDaemon,
  untilGone,
} from '../support/restartable-daemon.ts';
import { pidOfPlugin, untilPluginAccepts } from '../support/running-plugins.ts';

const skip = needsRoot;

test('stacked mounts below the propagated mount of a plugin are removed from the host', {
  skip,
}, async (context) => {
  const place = await openRestartableDaemon(context);
  const id = await enablePlugin(place, 'mounting', perlPluginArchive('mounts'));
  const { dataRoot, execRoot } = place.daemon;
  const directory = join(dataRoot, 'plugins', id);
  const leaked = () => snapshotHost(place.home).mounts.filter((path) => path.endsWith('/leaked/below'));
  assert.equal(leaked().length, 3, 'the host should see what the plugin mounts');

  await place.api.disable('mounting');
  assertRunning(place, []);

  await place.api.enable('mounting');
  assert.equal(leaked().length, 3, 'what the run before mounted should be gone');
  // No daemon runs that could see the exit.
  const pid = pidOfPlugin(execRoot, id);
  await place.daemon.end('SIGKILL');
  process.kill(pid, 'SIGKILL');
  await untilGone(pid);
  await startNextDaemon(place);
  await untilPluginAccepts(execRoot, id);
  // It stayed enabled, because its users may still write to its mounts.
  assert.equal(leaked().length, 6, 'what the run before mounted should be there');

  await place.api.remove('mounting', { force: true });
  assertRunning(place, []);
  assert.equal(existsSync(directory), false, 'the directory of the plugin is left');
});

test('a plugin that logs at full speed fills no disk and slows no other plugin, with and without a daemon', {
  skip,
}, async (context) => {
  const place = await openRestartableDaemon(context);
  const quiet = await enablePlugin(place, 'quiet', perlPluginArchive());
  const id = await enablePlugin(place, 'loud', perlPluginArchive('floods'));
  const { execRoot } = place.daemon;
  const writer = writerOf(pidOfPlugin(execRoot, id));
  const runs = [quiet, id].map((plugin) => pidOfPlugin(execRoot, plugin));

  await untilWritten(writer, 150 * mebibyte);
  assert.ok(bytesBelow(place.home) < maxBytes, `${bytesBelow(place.home)} bytes are on disk`);
  assert.ok(place.daemon.log().length < maxBytes, 'the log of the daemon is flooded');
  const { status } = await callApi(place.daemon.socket, 'GET', '/plugins');
  assert.equal(status, 200);
  await untilPluginAccepts(execRoot, quiet);

  await place.daemon.end('SIGKILL');
  await untilWritten(writer, 300 * mebibyte);
  assert.ok(bytesBelow(place.home) < maxBytes, `${bytesBelow(place.home)} bytes are on disk, with no daemon`);

  await startNextDaemon(place);
  assert.deepEqual(
    [quiet, id].map((plugin) => pidOfPlugin(execRoot, plugin)),
    runs,
  );
  await place.api.disable('loud');
  assertRunning(place, [quiet]);
});

const mebibyte = 1024 * 1024;
/** Logs of two plugins, and everything else of two small plugins. */
const maxBytes = 64 * mebibyte;

/** The process that the plugin forks for its output. */
function writerOf(pid: number): number {
  const [child = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return Number(child);
}

/** The kernel counts written bytes without an event, so this polls for up to 60 s. */
async function untilWritten(pid: number, bytes: number): Promise<void> {
  const deadline = AbortSignal.timeout(60_000);
  const written = () => Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
  while (written() < bytes) await delay(50, undefined, { signal: deadline });
}

/**
 * Disk usage of the files below a directory. A file with several names counts once, a file that disappears not at all.
 */
function bytesBelow(directory: string): number {
  const files = new Map<string, number>();
  for (const entry of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const stats = lstatSync(join(directory, entry), { throwIfNoEntry: false });
    if (stats?.isFile()) files.set(`${stats.dev}:${stats.ino}`, stats.blocks * 512);
  }
  return [...files.values()].reduce((sum, bytes) => sum + bytes, 0);
}
