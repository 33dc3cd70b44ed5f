/**
 * Processes whose command line cannot be read without waiting in the kernel: they delay neither the start of the daemon
 * nor an inspection of their plugin.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeDaemonHome, spawnDaemon } from '../support/daemon.ts';
import { type HangingFileSystem, mountHangingFileSystem } from '../support/hanging-file-system.ts';
import { snapshotHost } from '../support/host-snapshot.ts';
import { needsRoot } from '../support/needs-root.ts';
import { startProbePlugin } from '../support/probe-plugin.ts';
import { slowed } from '../support/slowness.ts';
import { openTestEngine } from '../support/test-engine.ts';
import { makeUnreadable, unreadableProcess } from '../support/unreadable-process.ts';

const skip = needsRoot;

async function mountPage(context: TestContext): Promise<HangingFileSystem & { readonly path: string }> {
  const path = mkdtempSync(join(tmpdir(), 'outboard-silent-'));
  const fileSystem = await mountHangingFileSystem(path);
  context.after(async () => {
    await fileSystem[Symbol.asyncDispose]();
    rmdirSync(path);
  });
  return Object.assign(fileSystem, { path });
}

/** A blocked reader blocks for good: a failing test ends the process, because other tests read command lines too. */
const patienceMs = slowed(60_000);

test('an unrelated process named conmon does not prevent the daemon from starting', {
  skip,
}, async (context) => {
  const page = await mountPage(context);
  const { home, remove } = await makeDaemonHome();
  const [file = '', ...args] = unreadableProcess(join(page.path, 'page'), 'conmon');
  const stranger = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const strangerEnded = once(stranger, 'exit');
  await makeUnreadable(page, stranger.stdout, (line) => stranger.stdin.write(line));
  const daemon = spawnDaemon({ home });
  const patience = setTimeout(() => void daemon.end('SIGKILL'), patienceMs);
  try {
    assert.match((await daemon.ready).readyLine, /ready/);
    const { processes } = snapshotHost(home);
    assert.ok(
      processes.some((line) => line.startsWith(`${daemon.pid} `)),
      'a snapshot does not wait either',
    );
  } finally {
    clearTimeout(patience);
    await daemon.end('SIGTERM');
    stranger.kill('SIGKILL');
    await page.die();
    await strangerEnded;
    await remove();
  }
});

test('processes() does not block on a process whose arguments cannot be read', {
  skip,
}, async (context) => {
  const page = await mountPage(context);
  await using opened = await openTestEngine();
  const mount = { Source: page.path, Destination: '/served', Type: 'bind', Options: ['rbind'] };
  await startProbePlugin(opened, 'hides', {
    config: { Mounts: [{ ...mount, Name: 'served', Description: '', Settable: null }] },
  });
  const command = unreadableProcess('/served/page', 'hidden');
  const session = await opened.engine.exec('hides', { command, hasInput: true });
  await makeUnreadable(page, session.stdout, (line) => session.write(line));
  let isHeldUp = false;
  const patience = setTimeout(() => {
    isHeldUp = true;
    void page.die();
  }, patienceMs);
  try {
    const processes = await opened.engine.processes('hides');
    assert.equal(isHeldUp, false);
    const commands = processes.map((process) => process.command);
    assert.ok(commands.includes('[hidden]'), commands.join());
    assert.ok(commands.includes(`${process.execPath} /plugin.mjs`), commands.join());
  } finally {
    clearTimeout(patience);
    session.kill();
    await page.die();
    await session.ended;
  }
});
