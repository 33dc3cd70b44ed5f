import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { requestReload, writeReloadReport } from './reload-report.ts';
import { runReload } from './run-reload.ts';

async function makeDirectory(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-reload-'));
  context.after(() => rm(directory, { recursive: true }));
  return directory;
}

/** Request a reload of this process, which writes the given reports. */
async function reloadSelf(context: TestContext, reports: readonly { ageNs: bigint; error?: string }[]) {
  const directory = await makeDirectory(context);
  const report = async () => {
    for (const { ageNs, error } of reports) {
      const beganAtNs = String(process.hrtime.bigint() - ageNs);
      await writeReloadReport(directory, {
        pid: process.pid,
        beganAtNs,
        ...(error !== undefined && { error }),
      });
    }
  };
  process.once('SIGHUP', () => void report());
  await requestReload(process.pid, directory);
}

const longAgo = 10n ** 12n;

test('requestReload() resolves once the configuration is in force', async (context) => {
  await reloadSelf(context, [{ ageNs: 0n }]);
});

test('requestReload() rejects with the error of the configuration', async (context) => {
  await assert.rejects(reloadSelf(context, [{ ageNs: 0n, error: 'unknown key "x"' }]), {
    kind: 'invalid',
    message: 'unknown key "x"',
  });
});

test('requestReload() ignores the report of an earlier reload', async (context) => {
  await assert.rejects(reloadSelf(context, [{ ageNs: longAgo }, { ageNs: 0n, error: 'the later one' }]), {
    message: 'the later one',
  });
});

test('requestReload() rejects when the process ends without a report', async (context) => {
  const directory = await makeDirectory(context);
  const child = spawn('/bin/sleep', ['1000'], { stdio: 'ignore' });
  await once(child, 'spawn');
  await assert.rejects(requestReload(Number(child.pid), directory), {
    kind: 'unavailable',
    message: `the daemon (pid ${child.pid}) ended before it reported the result of the reload`,
  });
});

test('"outboard daemon reload" outside a service manager fails with a hint', async () => {
  for (const env of [{}, { MAINPID: '1' }, { MAINPID: '-1', RUNTIME_DIRECTORY: '/run' }]) {
    await assert.rejects(runReload(env), { kind: 'invalid', message: /is for ExecReload=.*send SIGHUP/ });
  }
});
