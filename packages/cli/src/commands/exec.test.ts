import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json } from '../testing/recorded-daemon.ts';
import { run } from '../testing/run-command.ts';

const reasons: readonly (readonly [runtime: string, reason: string, code: number])[] = [
  ['runc', 'exec: "sh": executable file not found in $PATH', 127],
  ['runc', 'exec: "/bin/sh": stat /bin/sh: no such file or directory', 127],
  ['crun', 'executable file `sh` not found in $PATH: No such file or directory', 127],
  ['runc', 'exec: "/etc": permission denied', 126],
  ['crun', 'open executable: Permission denied', 126],
];

for (const [runtime, reason, expected] of reasons) {
  test(`exec ends with ${expected} when ${runtime} says: ${reason}`, async () => {
    const message = `OCI runtime exec failed: ${reason}`;
    const answers = { 'POST /outboard/v1/plugins/p/exec': json({ message }, 400) };
    const { code, err } = await run(['exec', 'p', 'sh'], answers);
    assert.deepEqual([code, err], [expected, `Error response from daemon: ${message}\n`]);
  });
}
