import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeAbsence, findBinary, findBinarySync } from './find-binary.ts';

test('findBinary() finds programs that an unprivileged PATH lacks', async () => {
  assert.match(await findBinary('unshare'), /^\/.*\/unshare$/);
  assert.equal(findBinarySync('unshare'), await findBinary('unshare'));
});

test('findBinary() names no package for a program that the operator chose', async () => {
  const expected = {
    kind: 'system',
    code: 'program-missing',
    message: 'cannot find "no-such-program" in PATH',
  };
  await assert.rejects(findBinary('no-such-program'), expected);
  assert.throws(() => findBinarySync('no-such-program'), expected);
});

test('findBinary() refuses a path that is not a program, and a relative one', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'outboard-find-'));
  try {
    const message = `cannot run "${directory}": it is not an executable file`;
    await assert.rejects(findBinary(directory), { code: 'program-missing', message });
  } finally {
    rmSync(directory, { recursive: true });
  }
  await assert.rejects(findBinary('bin/runc'), {
    message: /expected a bare program name or an absolute path$/,
  });
});

for (const [program, debianPackage] of [
  ['conmon', 'conmon'],
  ['iptables-restore', 'iptables'],
  ['unshare', 'util-linux'],
] as const) {
  test(`the error for a missing ${program} names ${debianPackage}`, () => {
    const message = `cannot find "${program}" in PATH: install the Debian package "${debianPackage}"`;
    assert.equal(describeAbsence(program).message, message);
  });
}
