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

/** Runs where cgroup v2 is mounted at `argv[1]`: a process in a threaded cgroup is listed, and ended. */
const script = `
  import { spawn } from 'node:child_process';
  import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
  const { listProcesses, removeCgroup } = await import(${JSON.stringify(import.meta.resolve('./cgroup-tree.js'))});
  const [mountPoint] = process.argv.slice(1);
  const name = 'outboard-test-' + process.pid;
  const inner = mountPoint + '/' + name + '/in';
  mkdirSync(inner, { recursive: true });
  writeFileSync(inner + '/cgroup.type', 'threaded');
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal)));
  writeFileSync(inner + '/cgroup.procs', String(child.pid));
  process.once('exit', () => child.kill('SIGKILL'));
  const listed = await listProcesses('/' + name);
  await removeCgroup('/' + name, { timeoutMs: 30_000 });
  const isLeft = existsSync(mountPoint + '/' + name);
  console.log(JSON.stringify({ isListed: listed.join() === String(child.pid), signal: await ended, isLeft }));
`;

test('removeCgroup() ends the processes of a threaded cgroup, whose list the kernel does not give', {
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
  assert.deepEqual(JSON.parse(stdout), { isListed: true, signal: 'SIGKILL', isLeft: false });
});
