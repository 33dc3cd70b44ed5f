/**
 * Bare Debian systems for tests of installations: one root file system, made once, below an overlay for each guest. A
 * guest has its own processes, /run, /tmp and /dev, and the machine's network.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { needsRoot } from './needs-root.ts';

/** Result of a command in a guest. */
export interface GuestResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A root file system that guests begin with. */
export interface DebianRoot extends AsyncDisposable {
  /** Its directories, the uppermost first, for `lowerdir=` of an overlay. */
  readonly layers: readonly string[];
}

/** Files of one guest, which outlive it: the same can be entered again. */
export interface GuestFiles extends AsyncDisposable {
  readonly layers: readonly string[];
  /** Directory of a tmpfs with `upper`, in which is all that guests changed. */
  readonly changes: string;
  /** Mount point for a guest. */
  readonly root: string;
  /** Directory that guests have at `/run/host`. */
  readonly shared: string;
}

export interface DebianGuest extends AsyncDisposable {
  /** Run a program there and wait for its end. */
  run(command: readonly string[], options?: GuestCommandOptions): Promise<GuestResult>;
  /** Run a program and assert success. @returns standard output, trimmed */
  ok(...command: readonly string[]): Promise<string>;
  /** Start a program there whose standard error is kept; it ends with the guest. */
  start(command: readonly string[], options?: GuestCommandOptions): ChildProcess;
  /** Path of a file of the guest, as seen from this process. */
  path(path: string): string;
}

export interface GuestCommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Text on standard input. */
  readonly input?: string;
}

const execute = promisify(execFile);
const script = fileURLToPath(new URL('debian-guest.sh', import.meta.url));
const neededPrograms = ['/usr/bin/mmdebstrap', '/usr/bin/tini-static'];
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const release = 'bookworm';

/** Reason for skipping if there can be no guests here, or false. */
export const needsDebianGuest: string | false =
  needsRoot || (neededPrograms.every(existsSync) ? false : 'needs the Debian packages mmdebstrap and tini');

/** Make the smallest Debian system that has apt. Takes 14 s of processor time and loads 40 MB from Debian's mirror. */
export async function makeDebianRoot(): Promise<DebianRoot> {
  const home = await mkdtemp(join(tmpdir(), 'ob-debian-'));
  const root = join(home, 'root');
  const remove = () => rm(home, { recursive: true, force: true });
  const mirror = `deb http://deb.debian.org/debian ${release} main`;
  const args = ['--quiet', '--variant=minbase', '--skip=output/dev,cleanup/apt', release, root, mirror];
  try {
    // It mounts below the root as it works: in a mount namespace, so that nothing stays when it is killed.
    await execute('unshare', ['--mount', '--', 'mmdebstrap', ...args], { maxBuffer: 1 << 24 });
  } catch (error) {
    await remove();
    throw error;
  }
  return { layers: [root], [Symbol.asyncDispose]: remove };
}

/** Files of a guest with nothing changed yet. */
export async function makeGuestFiles(layers: readonly string[]): Promise<GuestFiles> {
  const home = await mkdtemp(join(tmpdir(), 'ob-guest-'));
  const names = ['changes', 'root', 'shared'] as const;
  const [changes = '', root = '', shared = ''] = names.map((name) => join(home, name));
  for (const directory of [changes, root, shared]) await mkdir(directory);
  // The directory of temporary files may itself be an overlay, which cannot be the upper part of another one.
  await execute('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'ob-guest', changes]);
  for (const name of ['upper', 'work']) await mkdir(join(changes, name), { mode: 0o755 });
  return {
    layers,
    changes,
    root,
    shared,
    async [Symbol.asyncDispose]() {
      await execute('umount', [changes]);
      await rm(home, { recursive: true });
    },
  };
}

/** Paths that guests made, changed or removed, sorted; a directory counts if it is new or was replaced. */
export async function changedPaths({ changes }: GuestFiles): Promise<readonly string[]> {
  const upper = join(changes, 'upper');
  const { stdout } = await execute(
    'find',
    [upper, '-mindepth', '1', '(', '!', '-type', 'd', '-o', '-empty', ')', '-printf', '/%P\n'],
    {
      maxBuffer: 1 << 26,
    },
  );
  return stdout
    .split('\n')
    .filter((path) => path !== '')
    .sort();
}

/** Start a guest. Disposing ends all of its processes; its files stay. */
export async function enterGuest(files: GuestFiles): Promise<DebianGuest> {
  const namespaces = ['--mount', '--pid', '--uts', '--ipc', '--fork', '--kill-child'];
  const child = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'unshare', ...namespaces],
      ...[script, files.root, files.layers.join(':'), files.changes, files.shared],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: searchPath } },
  );
  const isUp = once(child.stdout, 'data').then(() => true);
  if (!(await Promise.race([isUp, once(child, 'exit').then(() => false)])))
    throw new Error(`the guest ended with ${child.exitCode} as it started`);
  const pid = Number((await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'latin1')).trim());
  return guestOf(pid, () => endProcess(child));
}

/** Operations on the processes and files of a guest with this first process. */
export function guestOf(pid: number, end: () => Promise<void>): DebianGuest {
  const start = (command: readonly string[], { env = {} }: GuestCommandOptions = {}) =>
    spawn(
      'nsenter',
      [`--target=${pid}`, '--all', '--', '/bin/sh', '-c', 'cd / && exec "$@"', 'sh', ...command],
      {
        stdio: 'pipe',
        env: {
          PATH: searchPath,
          HOME: '/root',
          LC_ALL: 'C.UTF-8',
          DEBIAN_FRONTEND: 'noninteractive',
          ...env,
        },
      },
    );
  const run = async (command: readonly string[], options: GuestCommandOptions = {}) => {
    const child = start(command, options);
    child.stdin?.end(options.input ?? '');
    const ended = once(child, 'close');
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code, stdout, stderr };
  };
  return {
    run,
    start,
    async ok(...command) {
      const { code, stdout, stderr } = await run(command);
      if (code !== 0) throw new Error(`"${command.join(' ')}" ended with ${code}: ${stderr}${stdout}`);
      return stdout.trim();
    },
    path: (path) => `/proc/${pid}/root${path}`,
    [Symbol.asyncDispose]: end,
  };
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
