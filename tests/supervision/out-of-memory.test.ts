/**
 * Processes of a plugin that the kernel kills for lack of memory while its main process runs on, such as the FUSE
 * process of a volume. Only the cgroup reports them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineEvent, PluginEngine } from '@outboard/engine';
import { needsRoot } from '../support/needs-root.ts';
import { untilState } from '../support/plugin-states.ts';
import { type ProbePlugin, startProbePlugin } from '../support/probe-plugin.ts';
import { openTestEngine } from '../support/test-engine.ts';

const skip = needsRoot;

/** Takes memory until it is killed. */
const hog = ['perl', '-e', 'my @all; push @all, "x" x 8e6 while 1'];
const limits = { memoryBytes: 200 * 1024 * 1024 };

/** In the background, as a helper of the plugin. */
function startHog(plugin: ProbePlugin): Promise<string> {
  const words = hog.map((word) => `'${word}'`).join(' ');
  return plugin.shell(`setsid ${words} >/dev/null 2>&1 </dev/null &`);
}

function untilEvent(engine: PluginEngine, action: EngineEvent['action']): Promise<void> {
  // Waiting for an event does not keep a program alive.
  const alive = setInterval(() => undefined, 60_000);
  return new Promise((resolve) => {
    const stop = engine.onEvent((event) => {
      if (event.action !== action) return;
      stop();
      clearInterval(alive);
      resolve();
    });
  });
}

test('an out-of-memory kill of a helper process is reported in status, events and stats, and the plugin is restarted', {
  skip,
}, async () => {
  await using opened = await openTestEngine({ backOff: { initialMs: 1 } });
  const { engine } = opened;
  const plugin = await startProbePlugin(opened, 'helps');
  await engine.update('helps', { limits });
  const { pid } = await untilState(engine, 'helps', 'running');
  const told = untilEvent(engine, 'oom');
  await startHog(plugin);
  await told;
  await untilState(engine, 'helps', 'running', (state) => state.restarts === 1 && state.pid !== pid);
  const { lastFailure, outOfMemoryKills } = await engine.status('helps');
  assert.equal(
    lastFailure?.reason,
    'the plugin was stopped because a process of it was killed when memory ran out',
  );
  assert.equal(outOfMemoryKills, 1);
  // The count continues through restarts of the daemon, until the plugin is enabled again.
  const next = await opened.reopen();
  assert.equal(next.outOfMemoryKills('helps'), 1);
  assert.deepEqual(
    (await next.stats()).map((stats) => stats.outOfMemoryKills),
    [1],
  );
  await next.restart('helps');
  assert.equal(next.outOfMemoryKills('helps'), 0);
});

test('a plugin without a restart policy keeps running when its helper process is killed', {
  skip,
}, async () => {
  await using opened = await openTestEngine();
  const { engine } = opened;
  const plugin = await startProbePlugin(opened, 'helps');
  await engine.update('helps', { limits, restart: { name: 'no' } });
  const { pid } = await untilState(engine, 'helps', 'running');
  const told = untilEvent(engine, 'oom');
  await startHog(plugin);
  await told;
  assert.equal(engine.outOfMemoryKills('helps'), 1);
  // A reported kill is not the reason of a later exit.
  process.kill(pid, 'SIGKILL');
  await untilState(engine, 'helps', 'failed');
  const { lastFailure } = await engine.status('helps');
  assert.deepEqual(lastFailure?.exit, { code: 137, signal: 'SIGKILL', outOfMemory: false });
});

test('an out-of-memory kill of a command is not reported for the plugin', {
  skip,
}, async () => {
  await using opened = await openTestEngine({ backOff: { initialMs: 1 } });
  const { engine } = opened;
  await startProbePlugin(opened, 'innocent');
  await engine.update('innocent', { limits });
  const session = await engine.exec('innocent', { command: hog });
  assert.equal(await session.ended, 137);
  const { pid } = await untilState(engine, 'innocent', 'running');
  process.kill(pid, 'SIGKILL');
  await untilState(engine, 'innocent', 'running', (state) => state.restarts === 1);
  const { lastFailure, outOfMemoryKills } = await engine.status('innocent');
  assert.equal(lastFailure?.reason, 'the plugin was ended by SIGKILL');
  assert.equal(lastFailure?.exit?.outOfMemory, false);
  assert.equal(outOfMemoryKills, 0);
});
