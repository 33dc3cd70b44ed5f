/**
 * A mount of cgroup v2 of its own, for tests on a host that mounts only cgroup v1.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The reason to skip a test; false where it can run. */
export const needsCgroup2: string | false =
  process.getuid?.() === 0 && /\tcgroup2$/m.test(readFileSync('/proc/filesystems', 'utf8'))
    ? false
    : 'needs root and cgroup v2 to make a cgroup';

const mountAndRun = 'mount -t cgroup2 none "$1"; exec "$2" --input-type=module -e "$3" "$1"';

/**
 * Run a module where cgroup v2 is mounted, in a mount namespace of its own.
 * @param script its text; `process.argv[1]` is the mount point
 * @returns the JSON document that it prints
 */
export async function runWithCgroup2(script: string): Promise<unknown> {
  const mountPoint = mkdtempSync(join(tmpdir(), 'outboard-test-'));
  try {
    const shell = ['sh', '-euc', mountAndRun, 'sh', mountPoint, process.execPath, script];
    const { stdout } = await promisify(execFile)('unshare', ['--mount', '--', ...shell]);
    return JSON.parse(stdout);
  } finally {
    rmSync(mountPoint, { recursive: true });
  }
}
