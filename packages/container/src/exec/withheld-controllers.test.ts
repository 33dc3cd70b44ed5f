import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const needsCgroup2 =
  process.getuid?.() === 0 && /\tcgroup2$/m.test(readFileSync('/proc/filesystems', 'utf8'))
    ? false
    : 'needs root and cgroup v2 to make a cgroup';

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
}, async (context) => {
  const mountPoint = mkdtempSync(join(tmpdir(), 'outboard-test-'));
  context.after(() => rmSync(mountPoint, { recursive: true }));
  const { stdout } = await promisify(execFile)('unshare', [
    ...[
      '--mount',
      '--',
      'sh',
      '-euc',
      'mount -t cgroup2 none "$1"; exec "$2" --input-type=module -e "$3" "$1"',
    ],
    ...['sh', mountPoint, process.execPath, script],
  ]);
  // 1:3 is /dev/null.
  assert.deepEqual(JSON.parse(stdout), { lines: 'same pid\n1:3\n', isSame: true });
});
