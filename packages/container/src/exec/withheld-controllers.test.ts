import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsCgroup2, runWithCgroup2 } from '../testing/cgroup2-mount.ts';

/** Runs where cgroup v2 is mounted at `argv[1]`: what a program in the place of the OCI runtime sees of the file. */
const script = `
  import { spawnSync } from 'node:child_process';
  import { mkdirSync, rmdirSync } from 'node:fs';
  const { withholdControllers } = await import(${JSON.stringify(import.meta.resolve('./withheld-controllers.js'))});
  const [mountPoint] = process.argv.slice(1);
  const name = '/outboard-test-' + process.pid;
  const directory = mountPoint + name;
  mkdirSync(directory);
  try {
    const seen = 'echo $$; echo +pids >"$1" && stat -c %t:%T "$1"';
    const runtime = ['/bin/sh', '-c', seen, 'sh', directory + '/cgroup.subtree_control'];
    const [program, ...args] = await withholdControllers(name, runtime);
    const { pid, stdout } = spawnSync(program, args, { encoding: 'utf8' });
    const isSame = (await withholdControllers('/absent' + name, runtime)) === runtime;
    console.log(JSON.stringify({ lines: stdout.replace(pid + '\\n', 'same pid\\n'), isSame }));
  } finally {
    rmdirSync(directory);
  }
`;

test('withholdControllers() lets the runtime write to a file that nobody reads, and keeps its pid', {
  skip: needsCgroup2,
}, async () => {
  // 1:3 is /dev/null.
  assert.deepEqual(await runWithCgroup2(script), { lines: 'same pid\n1:3\n', isSame: true });
});
