/**
 * A plugin that cannot be ended, because one of its processes waits in the kernel for a file system that does not
 * answer: operations fail within their bounds, and succeed once it is over.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { mountHangingFileSystem } from '../support/hanging-file-system.ts';
import { needsRoot } from '../support/needs-root.ts';
import { untilState } from '../support/plugin-states.ts';
import { startProbePlugin } from '../support/probe-plugin.ts';
import { openTestEngine } from '../support/test-engine.ts';
import { makeUnreadable, unreadableProcess } from '../support/unreadable-process.ts';

test('S20 a plugin that cannot be ended is reported as such, blocks no other, and ends when it can', {
  skip: needsRoot,
}, async (context) => {
  const path = mkdtempSync(join(tmpdir(), 'outboard-silent-'));
  const page = await mountHangingFileSystem(path);
  context.after(async () => {
    await page[Symbol.asyncDispose]();
    rmdirSync(path);
  });
  await using opened = await openTestEngine();
  const { engine } = opened;
  const mount = { Source: path, Destination: '/served', Type: 'bind', Options: ['rbind'] };
  await startProbePlugin(opened, 'stuck', {
    config: { Mounts: [{ ...mount, Name: 'served', Description: '', Settable: null }] },
  });
  await engine.update('stuck', { stopTimeoutSeconds: 1 });
  const command = unreadableProcess('/served/page', 'stuck');
  const session = await engine.exec('stuck', { command, hasInput: true });
  await makeUnreadable(page, session.stdout, (line) => session.write(line));
  const left = /processes do not end: .*\(state D\)/;
  try {
    await engine.disable('stuck');
    assert.match((await untilState(engine, 'stuck', 'failed')).reason, left);
    await assert.rejects(engine.remove('stuck', { force: true }), left);
    await assert.rejects(engine.enable('stuck'), /does not answer/);
  } finally {
    await page.die();
  }
  await engine.remove('stuck', { force: true });
  assert.deepEqual(engine.list(), []);
  await session.ended;
});
