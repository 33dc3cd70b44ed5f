/**
 * A host with the real systemd as first process of its own namespaces, with D-Bus, a journal and a subtree of every
 * cgroup hierarchy. `systemd-host.sh` confines it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pollUntil } from '@outboard/async';
import { makeDirectories } from '@outboard/oci';
import type { GuestFiles } from './debian-guest.ts';
import { needsRoot } from './needs-root.ts';
import { startNotifyReceiver } from './notify-receiver.ts';
import { slowed } from './slowness.ts';

/** Result of a command on the host. */
export interface HostCommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SystemdHost extends AsyncDisposable {
  /** Its first process. */
  readonly pid: number;
  /** Run a program there and wait for its end. */
  run(program: string, ...args: readonly string[]): Promise<HostCommandResult>;
  /** Run a program and assert success. @returns standard output, trimmed */
  ok(program: string, ...args: readonly string[]): Promise<string>;
  /** Path of a file of the host, as seen from this process. */
  path(path: string): string;
  /** Content of a cgroup file there, in the hierarchy that has it; `/` is the top of the host. */
  cgroupFile(cgroup: string, ...names: readonly string[]): string;
}

interface Hierarchy {
  readonly type: string;
  readonly options: string;
  readonly path: string;
}

const script = fileURLToPath(new URL('systemd-host.sh', import.meta.url));
const repository = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const neededPrograms = ['/lib/systemd/systemd', '/usr/bin/systemctl', '/usr/bin/dbus-daemon'];

/** Reason for skipping if such a host cannot be booted here, or false. */
export const needsSystemd: string | false =
  needsRoot || (neededPrograms.every(existsSync) ? false : 'needs the Debian packages systemd and dbus');

/** Targets that the units under test name; those of the system would start services of the machine. */
const targets = ['sysinit', 'basic', 'sockets', 'multi-user', 'shutdown', 'local-fs', 'network-online'];

/**
 * Boot a host; it takes a second. Disposing it ends all of its processes.
 * @param files a Debian system of its own with systemd and dbus, instead of one that shows this machine
 */
export async function bootSystemdHost(files?: GuestFiles): Promise<SystemdHost> {
  const home = await mkdtemp(join(tmpdir(), 'ob-host-'));
  const hierarchies = findHierarchies();
  const cgroups = hierarchies.map(({ path }) => join(path, basename(home)));
  let child: ChildProcess | undefined;
  const release = async () => {
    await endHost(child);
    for (const cgroup of cgroups) await removeCgroup(cgroup);
    await rm(home, { recursive: true, force: true });
  };
  try {
    for (const cgroup of cgroups) makeCgroup(cgroup);
    const directories = {
      root: join(home, 'root'),
      units: join(home, 'units'),
      shared: files?.shared ?? join(home, 'shared'),
    };
    for (const directory of Object.values(directories)) await makeDirectories(directory, { mode: 0o755 });
    writeTargets(directories.units);
    await using receiver = await startNotifyReceiver(join(directories.shared, 'notify'));
    child = startHost(directories, cgroups, files);
    await untilForked(child);
    leaveTop(child, hierarchies);
    // It waits for them.
    child.stdin?.end(hierarchies.map(({ type, options, path }) => `${type} ${options} ${path}\n`).join(''));
    const ended = once(child, 'exit').then(async ([code]) => {
      throw new Error(`systemd ended with ${code} as it booted`);
    });
    await Promise.race([receiver.until(/^READY=1$/m), ended]);
    ended.catch(() => undefined);
    return hostOf(firstProcess(child), cgroups, release);
  } catch (error) {
    await release();
    throw error;
  }
}

function hostOf(pid: number, cgroups: readonly string[], release: () => Promise<void>): SystemdHost {
  async function run(...command: readonly string[]): Promise<HostCommandResult> {
    const within = ['/bin/sh', '-c', 'cd / && exec "$@"', 'sh', ...command];
    const entered = spawn('nsenter', [`--target=${pid}`, '--all', '--', ...within], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: searchPath, HOME: '/root', LC_ALL: 'C.UTF-8', SYSTEMD_PAGER: '' },
    });
    const ended = once(entered, 'exit');
    const [stdout, stderr, [code]] = await Promise.all([text(entered.stdout), text(entered.stderr), ended]);
    return { code, stdout, stderr };
  }
  return {
    pid,
    run,
    async ok(...command) {
      const { code, stdout, stderr } = await run(...command);
      if (code !== 0) throw new Error(`"${command.join(' ')}" ended with ${code}: ${stderr}${stdout}`);
      return stdout.trim();
    },
    path: (path) => `/proc/${pid}/root${path}`,
    cgroupFile(cgroup, ...names) {
      const files = cgroups.flatMap((directory) => names.map((name) => join(directory, cgroup, name)));
      const found = files.find(existsSync);
      if (found === undefined) throw new Error(`no hierarchy has ${names.join(' or ')} for ${cgroup}`);
      return readFileSync(found, 'utf8').trim();
    },
    [Symbol.asyncDispose]: release,
  };
}

function startHost(
  { root, units, shared }: { readonly root: string; readonly units: string; readonly shared: string },
  cgroups: readonly string[],
  files: GuestFiles | undefined,
): ChildProcess {
  // Its cgroups are the top of the hierarchies in a cgroup namespace made inside them.
  const enter =
    'for directory; do shift; [ "$directory" = -- ] && break; echo $$ > "$directory/cgroup.procs" || exit; done';
  const namespaces = ['--mount', '--pid', '--cgroup', '--net', '--uts', '--ipc', '--fork', '--kill-child'];
  const command = [
    // It ends with this process, also after a kill.
    ...['setpriv', '--pdeathsig', 'KILL', 'unshare', ...namespaces],
    ...[script, root, units],
    ...(files === undefined
      ? [shared, repository, dirname(dirname(process.execPath))]
      : ['--system', files.base, files.changes, shared]),
  ];
  return spawn('/bin/sh', ['-c', `${enter}; exec "$@"`, 'sh', ...cgroups, '--', ...command], {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { PATH: searchPath, NOTIFY_SOCKET: join(files === undefined ? shared : '/run/host', 'notify') },
  });
}

async function untilForked(child: ChildProcess): Promise<void> {
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  await pollUntil(async () => hasEnded() || readChildren(child) !== '', { timeoutMs: slowed(30_000) });
}

/**
 * Move `unshare` back: on cgroup v2, a cgroup that has a process gives none of its controllers to those below, and the first
 * process, which moves all others away, does not see this one.
 */
function leaveTop({ pid }: ChildProcess, hierarchies: readonly Hierarchy[]): void {
  const [, own] = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8')) ?? [];
  for (const { type, path } of hierarchies) {
    if (type === 'cgroup2' && own !== undefined) writeFileSync(join(path, own, 'cgroup.procs'), `${pid}`);
  }
}

/** The child of `unshare`: the first process of the pid namespace. */
function firstProcess(child: ChildProcess): number {
  const children = readChildren(child);
  if (!/^\d+$/.test(children)) throw new Error(`unshare has the children "${children}", expected one`);
  return Number(children);
}

function readChildren({ pid }: ChildProcess): string {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
}

/** All processes of the namespace end with the first one. */
async function endHost(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

function writeTargets(directory: string): void {
  const target = (name: string, more: string) =>
    writeFileSync(join(directory, `${name}.target`), `[Unit]\nDefaultDependencies=no\n${more}`);
  for (const name of targets) target(name, '');
  target('host', 'Wants=systemd-journald.service dbus.socket\nAfter=systemd-journald.service dbus.socket\n');
}

/** @see proc_pid_mountinfo(5) */
function findHierarchies(): readonly Hierarchy[] {
  const general = /^(rw|ro|xattr|clone_children|nsdelegate|memory_\w+|favordynmods|release_agent=.*)$/;
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [mount = '', source = ''] = line.split(' - ');
      const [type = '', , options = ''] = source.split(' ');
      const path = mount.split(' ')[4] ?? '';
      if (!/^cgroup2?$/.test(type) || !path.startsWith('/sys/fs/cgroup')) return [];
      const own = options.split(',').filter((option) => !general.test(option));
      const named = own.some((option) => option.startsWith('name=')) ? ['none', ...own] : own;
      return [{ type, path, options: named.join(',') || 'rw' }];
    });
}

function makeCgroup(cgroup: string): void {
  mkdirSync(cgroup);
  // On v1 a cgroup without processors and memory nodes accepts no process, neither do its children.
  for (const name of ['cpuset.cpus', 'cpuset.mems']) {
    const parent = join(dirname(cgroup), name);
    if (existsSync(join(cgroup, 'cgroup.clone_children')) && existsSync(parent))
      writeFileSync(join(cgroup, name), readFileSync(parent));
  }
}

/** Deepest first. A cgroup stays busy for a moment after its last process ended, without an event on v1. */
async function removeCgroup(cgroup: string): Promise<void> {
  if (!existsSync(cgroup)) return;
  for (const entry of readdirSync(cgroup, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeCgroup(join(cgroup, entry.name));
  }
  for (let pauseMs = 1; ; pauseMs *= 2) {
    try {
      return rmdirSync(cgroup);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EBUSY') || pauseMs > 4_000)
        throw error;
      await delay(pauseMs);
    }
  }
}
