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
import { runDirectory } from './run-directory.ts';

/** Result of a command in a guest. */
export interface GuestResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Files of one guest, which outlive it: the same can be entered again. */
export interface GuestFiles extends AsyncDisposable {
  /** Its root file system, which stays as it is. */
  readonly base: string;
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

/** A daemon that was started by hand. */
export interface GuestDaemon {
  /** Both of its streams so far. */
  output(): string;
  /** End it in order. */
  stop(): Promise<void>;
}

export interface GuestCommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Text on standard input. */
  readonly input?: string;
}

const execute = promisify(execFile);
const script = fileURLToPath(new URL('debian-guest.sh', import.meta.url));
const rootScript = fileURLToPath(new URL('debian-root.sh', import.meta.url));
const neededPrograms = ['/usr/bin/mmdebstrap', '/usr/bin/tini-static'];
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Reason for skipping if there can be no guests here, or false. */
export const needsDebianGuest: string | false =
  needsRoot || (neededPrograms.every(existsSync) ? false : 'needs the Debian packages mmdebstrap and tini');

/**
 * Root file systems for guests, made once in a run: `bare` is the smallest Debian that has apt, which takes 14 s of
 * processor time and 40 MB of Debian's mirror; `ready` has what the Debian package of Outboard depends on, and systemd
 * (4 s and 60 MB more).
 */
export async function debianRoot(kind: 'bare' | 'ready'): Promise<string> {
  const directory = join(runDirectory(), 'debian');
  await mkdir(directory, { recursive: true });
  const bare = join(directory, 'bare');
  await makeRoot(bare);
  if (kind === 'bare') return bare;
  const ready = join(directory, 'ready');
  await makeRoot(ready, bare, 'runc', 'conmon', 'containernetworking-plugins', 'systemd', 'dbus');
  return ready;
}

/** Other test files wait for the one that makes it; the lock ends with its process. */
async function makeRoot(root: string, ...more: readonly string[]): Promise<void> {
  const inside = ['unshare', '--mount', '--propagation', 'private', '--', rootScript, root, ...more];
  await execute('flock', [`${root}.lock`, ...inside], { maxBuffer: 1 << 24 });
}

/** Files of a guest with nothing changed yet. */
export async function makeGuestFiles(base: string): Promise<GuestFiles> {
  const home = await mkdtemp(join(tmpdir(), 'ob-guest-'));
  const names = ['changes', 'root', 'shared'] as const;
  const [changes = '', root = '', shared = ''] = names.map((name) => join(home, name));
  for (const directory of [changes, root, shared]) await mkdir(directory);
  // The directory of temporary files may itself be an overlay, which cannot be the upper part of another one.
  await execute('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'ob-guest', changes]);
  for (const name of ['upper', 'work']) await mkdir(join(changes, name), { mode: 0o755 });
  return {
    base,
    changes,
    root,
    shared,
    async [Symbol.asyncDispose]() {
      await execute('umount', [changes]);
      await rm(home, { recursive: true });
    },
  };
}

/** Paths that guests made, changed or removed, sorted; directories count if they are new. */
export async function changedPaths({ base, changes }: GuestFiles): Promise<readonly string[]> {
  const upper = join(changes, 'upper');
  const wanted = ['-mindepth', '1', '(', '!', '-type', 'd', '-o', '-empty', ')', '-printf', '%y/%P\n'];
  const { stdout } = await execute('find', [upper, ...wanted], { maxBuffer: 1 << 26 });
  const entries = stdout.split('\n').filter((entry) => entry !== '');
  // A change copies the directory as well, which stays, empty, when the change is undone.
  const isNew = (entry: string) => !entry.startsWith('d') || !existsSync(join(base, entry.slice(1)));
  return entries
    .filter(isNew)
    .map((entry) => entry.slice(1))
    .sort();
}

/** Start a daemon in a guest, and wait until it serves. */
export async function startGuestDaemon(guest: DebianGuest, ...args: readonly string[]): Promise<GuestDaemon> {
  const child = guest.start(['outboard', 'daemon', ...args]);
  const ended = once(child, 'close');
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const take = (chunk: Buffer) => {
      output += chunk;
      if (/^outboard daemon ready on /m.test(output)) resolve();
    };
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', take);
    void ended.then(() => reject(new Error(`the daemon ended: ${output}`)));
  });
  return {
    output: () => output,
    async stop() {
      const [, pid = ''] = /^outboard daemon ready on .*\(pid (\d+)\)/m.exec(output) ?? [];
      await guest.ok('sh', '-c', `kill -TERM ${pid}`);
      const [code] = await ended;
      if (code !== 0) throw new Error(`the daemon ended with ${code}: ${output}`);
    },
  };
}

/** Start a guest. Disposing ends all of its processes; its files stay. */
export async function enterGuest(files: GuestFiles): Promise<DebianGuest> {
  const namespaces = ['--mount', '--pid', '--uts', '--ipc', '--fork', '--kill-child'];
  const child = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'unshare', ...namespaces],
      ...[script, files.root, files.base, files.changes, files.shared],
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
