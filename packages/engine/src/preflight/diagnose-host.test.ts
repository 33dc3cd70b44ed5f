import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { diagnoseHost } from './diagnose-host.ts';

/** The doctor's line about a runtime that is this script. */
async function diagnoseRuntime(script: string) {
  const directory = await mkdtemp(join(tmpdir(), 'ob-doctor-'));
  try {
    const runtime = join(directory, 'runtime');
    await writeFile(runtime, `#!/bin/sh\n${script}\n`);
    await chmod(runtime, 0o755);
    const checks = await diagnoseHost({ dataRoot: directory, execRoot: directory, runtime });
    const found = checks.find(({ name }) => name === 'OCI runtime') ?? assert.fail('no such check');
    return [found.status, found.message.replace(runtime, 'RUNTIME')];
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('an OCI runtime reports its version and exits with 0', async () => {
  assert.deepEqual(await diagnoseRuntime('echo myrunc version 1.2.3'), ['ok', 'RUNTIME 1.2.3']);
  for (const script of ['echo version 1.2; exit 1', 'echo usage; echo version 1.2', 'exit 0']) {
    assert.deepEqual(await diagnoseRuntime(script), ['fail', 'RUNTIME does not tell its version'], script);
  }
});
