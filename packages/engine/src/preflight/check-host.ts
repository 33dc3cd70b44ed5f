/**
 * Judges a host by what was seen of it. Pure, so that hosts that are not at hand can be tested.
 */
import { type CgroupDriver, type FileSystemSpace, isAtOrBelow, type MountEntry } from '@outboard/container';
import { areSocketLinksShort } from '../store/socket-links.ts';
import type { HostCheck } from './host-check.ts';
import { isShared, mountOfPath } from './mount-of-path.ts';
import { areCgroupsReadOnly, cgroupMode, readOnlyCgroupsRemedy } from './read-host.ts';

/** A program as it answered to `--version`. */
export type SeenProgram =
  | { readonly path: string; readonly version: string }
  /** Slow: it may well work, on a host that is busy. */
  | { readonly problem: string; readonly isSlow?: boolean };

/** What was seen of a host. */
export interface SeenHost {
  readonly uid: number;
  /** Such as `6.1.0-18-amd64`. */
  readonly kernelRelease: string;
  readonly runtime: SeenProgram;
  readonly conmon: SeenProgram;
  /** Why no process can be given namespaces of its own; undefined when one can. */
  readonly namespaceProblem: string | undefined;
  readonly mounts: readonly MountEntry[];
  /** Whether mounts made here do not show to the rest of the host: a mount namespace of its own. */
  readonly hidesMounts: boolean;
  /** As configured; undefined for what the host calls for. */
  readonly cgroupDriver: CgroupDriver | undefined;
  readonly isRunBySystemd: boolean;
  readonly fileSystems: ReadonlySet<string>;
  readonly hasFuseDevice: boolean;
  /** How many of the host's capabilities a program started from here cannot have. */
  readonly missingCapabilities: readonly string[];
  readonly dataRoot: SeenFolder;
  readonly execRoot: SeenFolder;
  readonly now: Date;
  /** Undefined when the kernel does not tell. */
  readonly isClockSynchronised: boolean | undefined;
}

/** A folder, or the nearest one above it that is there; or why it cannot be looked at. */
export type SeenFolder = ReachedFolder | { readonly path: string; readonly problem: string };

interface ReachedFolder extends FileSystemSpace {
  readonly path: string;
  /** Links followed. */
  readonly realPath: string;
}

const minimumKernel = [4, 18] as const;
const scarceBytes = { warn: 1024 ** 3, fail: 64 * 1024 ** 2 } as const;
const scarceFiles = 10_000;
/** Before this no version of this program existed: certificates would look as if they were not valid yet. */
const earliestNow = new Date('2025-01-01T00:00:00Z');

/** @returns every check, in the order in which someone would go through them */
export function checkHost(host: SeenHost): readonly HostCheck[] {
  return [
    checkUser(host),
    checkKernel(host),
    checkProgram(
      'OCI runtime',
      host.runtime,
      'install the Debian package "runc", or name another with --runtime',
    ),
    checkProgram('conmon', host.conmon, 'install the Debian package "conmon"'),
    checkUnpacking(host),
    checkCgroups(host),
    checkCapabilities(host),
    checkFuse(host),
    checkOverlay(host),
    checkRootPropagation(host),
    checkMountNamespace(host),
    checkFolder('data root', host.dataRoot, (folder) => checkDataRootMount(host, folder)),
    checkFolder('exec root', host.execRoot, (folder) => checkExecRoot(host, folder)),
    checkFolder('disk space', host.dataRoot, checkSpace),
    checkClock(host),
  ];
}

function ok(name: string, message: string): HostCheck {
  return { name, status: 'ok', message, remedy: '' };
}

function warn(name: string, message: string, remedy: string): HostCheck {
  return { name, status: 'warn', message, remedy };
}

function fail(name: string, message: string, remedy: string): HostCheck {
  return { name, status: 'fail', message, remedy };
}

function checkUser({ uid }: SeenHost): HostCheck {
  if (uid === 0) return ok('user', 'root');
  return fail('user', `user ID ${uid}, not root`, 'run the daemon as root');
}

function checkKernel({ kernelRelease }: SeenHost): HostCheck {
  const [major = 0, minor = 0] = kernelRelease.split(/[.-]/).map(Number);
  const [wantMajor, wantMinor] = minimumKernel;
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return ok('kernel', kernelRelease);
  return fail('kernel', `${kernelRelease} is too old`, `install Linux ${wantMajor}.${wantMinor} or newer`);
}

function checkProgram(name: string, program: SeenProgram, remedy: string): HostCheck {
  if ('problem' in program) {
    if (program.isSlow !== true) return fail(name, program.problem, remedy);
    return warn(name, program.problem, 'look again when the host is less busy');
  }
  return ok(name, `${program.path} ${program.version}`);
}

/** Archives are unpacked by a process that sees nothing of the host. */
function checkUnpacking({ namespaceProblem }: SeenHost): HostCheck {
  if (namespaceProblem === undefined) return ok('unpacking', 'in namespaces of its own');
  const remedy = 'run the daemon as root, outside of containers or in one that is --privileged';
  return fail('unpacking', namespaceProblem, remedy);
}

function checkCgroups({ mounts, runtime, cgroupDriver, isRunBySystemd }: SeenHost): HostCheck {
  const mode = cgroupMode(mounts);
  if (mode === undefined) {
    return fail('cgroups', 'no cgroup file system is mounted', 'mount -t cgroup2 none /sys/fs/cgroup');
  }
  if (areCgroupsReadOnly(mounts)) {
    return fail('cgroups', `${mode}, mounted read-only`, readOnlyCgroupsRemedy);
  }
  const isCrun = 'path' in runtime && /\/crun$/.test(runtime.path);
  if (mode === 'hybrid' && isCrun) {
    return fail('cgroups', 'hybrid (v1 and v2), which crun does not run on', 'use runc: --runtime runc');
  }
  if (cgroupDriver === 'systemd' && !isRunBySystemd) {
    return fail('cgroups', `${mode}, and systemd does not run this host`, 'use --cgroup-driver cgroupfs');
  }
  if (cgroupDriver === 'cgroupfs' && isRunBySystemd) {
    const message = `${mode}, made by the OCI runtime on a host of systemd, which turns limits off without a word`;
    return warn('cgroups', message, 'remove --cgroup-driver cgroupfs, then restart the plugins');
  }
  return ok('cgroups', isRunBySystemd ? `${mode}, made by systemd` : mode);
}

function checkCapabilities({ missingCapabilities }: SeenHost): HostCheck {
  if (missingCapabilities.length === 0) return ok('capabilities', 'all');
  return warn(
    'capabilities',
    `plugins cannot have ${missingCapabilities.join(', ')}`,
    'run the daemon without CapabilityBoundingSet= and outside of containers',
  );
}

function checkFuse({ hasFuseDevice, fileSystems }: SeenHost): HostCheck {
  if (hasFuseDevice && fileSystems.has('fuse')) return ok('fuse', 'available');
  const message = hasFuseDevice ? 'the module is not loaded' : '/dev/fuse does not exist';
  return warn('fuse', message, 'modprobe fuse, if a plugin such as sshfs needs it');
}

function checkOverlay({ fileSystems }: SeenHost): HostCheck {
  if (fileSystems.has('overlay')) return ok('overlay', 'available');
  return warn(
    'overlay',
    'the module is not loaded',
    'modprobe overlay, if a plugin mounts such file systems',
  );
}

/** Plugins mount for the host to see through mounts that the engine shares itself; host paths are the operator's. */
function checkRootPropagation({ mounts }: SeenHost): HostCheck {
  const root = mountOfPath(mounts, '/');
  if (root === undefined || isShared(root)) return ok('propagation of /', 'shared');
  const message = 'private: what plugins mount in folders of the host does not show on the host';
  return warn('propagation of /', message, 'mount --make-rshared /');
}

/** The mounts of plugins, and those that they are started with, would be lost to the next daemon too. */
function checkMountNamespace({ hidesMounts }: SeenHost): HostCheck {
  if (!hidesMounts) return ok('mount namespace', 'that of the host');
  return warn(
    'mount namespace',
    'one of its own: what plugins mount shows to nobody else, and the next daemon cannot unmount it',
    'run the daemon without PrivateTmp=, ProtectSystem=, ProtectHome=, ReadOnlyPaths= and their kind in its unit',
  );
}

function checkFolder(
  name: string,
  folder: SeenFolder,
  check: (folder: ReachedFolder) => HostCheck,
): HostCheck {
  if (!('problem' in folder)) return check(folder);
  return fail(name, folder.problem, 'bring the file system back, or name another folder');
}

function checkDataRootMount({ mounts }: SeenHost, dataRoot: ReachedFolder): HostCheck {
  const place = mountOfPath(mounts, dataRoot.realPath);
  const name = 'data root';
  const seen = `${dataRoot.path} on ${place?.fileSystem ?? 'an unknown file system'}`;
  const bad = ['noexec', 'nosuid', 'nodev'].filter((option) => place?.options.includes(option));
  if (place === undefined || bad.length === 0) return ok(name, seen);
  const remedy = `mount -o remount,exec,suid,dev ${place.mountPoint}, or use another --data-root`;
  const message = `${seen}, mounted with ${bad.join(', ')}`;
  return bad.includes('noexec') ? fail(name, message, remedy) : warn(name, message, remedy);
}

function checkExecRoot({ mounts }: SeenHost, execRoot: ReachedFolder): HostCheck {
  const fileSystem = mountOfPath(mounts, execRoot.realPath)?.fileSystem ?? 'an unknown file system';
  const seen = `${execRoot.path} on ${fileSystem}`;
  if (!areSocketLinksShort(execRoot.path)) {
    const message = `${execRoot.path} is so long that other programs cannot dial sockets of plugins`;
    return warn('exec root', message, 'use a shorter --exec-root, such as /run/outboard');
  }
  if (fileSystem === 'tmpfs') return ok('exec root', seen);
  // What a reboot left is known by its boot ID, and removed at the next start.
  const remedy = isAtOrBelow(execRoot.realPath, '/run')
    ? 'mount a tmpfs at /run, as hosts with systemd have it'
    : 'use an --exec-root on a tmpfs, such as /run/outboard';
  return warn('exec root', `${seen}, which a reboot does not empty`, remedy);
}

function checkSpace({ path, freeBytes, freeFiles }: ReachedFolder): HostCheck {
  const name = 'disk space';
  const mebibytes = Math.floor(freeBytes / 1024 ** 2);
  const files = freeFiles === undefined ? '' : `, ${freeFiles} files`;
  const message = `${mebibytes} MiB${files} free for ${path}`;
  const remedy = 'outboard gc, remove plugins, or make the file system larger';
  if (freeBytes < scarceBytes.fail) return fail(name, message, remedy);
  const isScarce = freeBytes < scarceBytes.warn || (freeFiles ?? scarceFiles) < scarceFiles;
  return isScarce ? warn(name, message, remedy) : ok(name, message);
}

function checkClock({ now, isClockSynchronised }: SeenHost): HostCheck {
  const shown = now.toISOString();
  if (now < earliestNow) {
    return fail('clock', `${shown} is in the past: registries cannot prove who they are`, 'set the clock');
  }
  if (isClockSynchronised === false) {
    return warn(
      'clock',
      `${shown}, not synchronised`,
      'run a time service, such as systemd-timesyncd or chrony',
    );
  }
  return ok('clock', shown);
}
