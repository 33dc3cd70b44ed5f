/**
 * Every check is seen to pass and to fail, with one plugin that has the fault that the check is about.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '@outboard/async';
import { writeFaultyPlugin } from '../testing/faulty-plugin.ts';
import { packDirectory } from '../testing/pack-directory.ts';
import { runningChecks } from './check-table.ts';
import type { CheckResult } from './report/check-report.ts';
import { runChecks } from './run-checks.ts';
import { type CheckSession, openCheckSession } from './session/check-session.ts';
import { openPrivateEngine, type PrivateEngine } from './session/private-engine.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root to run plugins';
let directory: string;
let home: PrivateEngine;
let session: CheckSession;

before(async () => {
  if (skip !== false) return;
  directory = mkdtempSync(join(tmpdir(), 'outboard-faulty-'));
  writeFaultyPlugin(directory);
  home = await openPrivateEngine();
  const { engine } = home;
  const plugin = await engine.create({ name: 'faulty', context: packDirectory(directory) });
  await engine.enable(plugin.id);
  const signal = new AbortController().signal;
  session = await openCheckSession({ engine, plugin, options: {}, signal });
});
after(async () => {
  if (skip !== false) return;
  await home[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

async function run(isSelected: (code: string) => boolean): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  await runChecks(session, {
    isSelected,
    endsAtMs: Number.POSITIVE_INFINITY,
    clock: systemClock,
    onResult: (result) => results.push(result),
  });
  return results;
}

/** The plugin of the test names each of its faults after the check that finds it. */
function setFault(code: string): void {
  writeFileSync(join(home.dataRoot, 'plugins', session.plugin.id, 'propagated-mount', 'fault'), code);
}

test('all checks pass for a plugin of every kind without a fault', { skip }, async () => {
  const results = await run(() => true);
  assert.equal(results.length, runningChecks.length);
  const others = results.filter(({ status }) => status !== 'pass');
  assert.deepEqual(
    others.map(({ code, messages }) => `${code}: ${messages.join()}`),
    [],
  );
});

for (const { code, title } of runningChecks) {
  test(`${code} fails for a plugin that breaks: ${title}`, { skip }, async () => {
    setFault(code);
    try {
      // The log is filled by other checks.
      const isFiller = (other: string) => code === 'process/output' && other.startsWith('protocol/');
      const results = await run((candidate) => candidate === code || isFiller(candidate));
      const result = results.find((one) => one.code === code);
      assert.equal(result?.status, 'finding', JSON.stringify(result));
      assert.notEqual(result?.messages.join(), '');
    } finally {
      setFault('');
    }
  });
}
