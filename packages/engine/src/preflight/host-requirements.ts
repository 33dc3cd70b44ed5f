/**
 * The table of requirements on a host, which the doctor shows. Pure, so that hosts that are not at hand can be tested.
 */
import { isAtOrBelow } from '@outboard/container';
import { areSocketLinksShort } from '../store/socket-links.ts';
import type { HostFacts, ReachedDirectory } from './host-facts.ts';
import { isShared, mountOfPath } from './mount-of-path.ts';
import {
  type Assessment,
  assessAll,
  fail,
  type HostCheck,
  ok,
  type Requirement,
  warn,
} from './requirement.ts';
import {
  capabilities,
  containerMonitor,
  controlGroups,
  dataRoot,
  ociRuntime,
  unreachableDirectory,
} from './shared-requirements.ts';

const minimumKernel = [4, 18] as const;
const scarceBytes = { warn: 1024 ** 3, fail: 64 * 1024 ** 2 } as const;
const scarceFiles = 10_000;
/** No version of this program is older: at an earlier time certificates are not valid yet. */
const earliestNow = new Date('2025-01-01T00:00:00Z');

/** Every requirement, in the order in which an operator meets them. */
const hostRequirements: readonly Requirement<HostFacts>[] = [
  {
    name: 'user',
    assess: ({ uid }) =>
      uid === 0 ? ok('root') : fail(`user ID ${uid}, not root`, 'run the daemon as root'),
  },
  { name: 'kernel', assess: assessKernel },
  ociRuntime,
  containerMonitor,
  {
    /** Archives are unpacked by a process that sees nothing of the host. */
    name: 'unpacking',
    assess: ({ namespaceProblem }) =>
      namespaceProblem === undefined
        ? ok('in namespaces of its own')
        : fail(
            namespaceProblem,
            'run the daemon as root, outside of containers or in one that is --privileged',
          ),
  },
  controlGroups,
  capabilities,
  { name: 'fuse', assess: assessFuse },
  {
    name: 'overlay',
    assess: ({ fileSystems }) =>
      fileSystems.has('overlay')
        ? ok('available')
        : warn('the module is not loaded', 'modprobe overlay, if a plugin mounts such file systems'),
  },
  { name: 'propagation of /', assess: assessRootPropagation },
  {
    /** The next daemon could not unmount the mounts of plugins in a namespace that ended. */
    name: 'mount namespace',
    assess: ({ hidesMounts }) =>
      hidesMounts
        ? warn(
            'one of its own: mounts of plugins are not visible outside, and the next daemon cannot unmount them',
            'run the daemon without PrivateTmp=, ProtectSystem=, ProtectHome=, ReadOnlyPaths= and their kind in its unit',
          )
        : ok('that of the host'),
  },
  {
    /** Layers are compressed and inflated by Node.js without them. */
    name: 'compression',
    assess: ({ missingLibraries }) =>
      missingLibraries.length === 0
        ? ok('libdeflate, ISA-L')
        : warn(
            `without ${missingLibraries.join(' and ')}: creating and installing plugins takes longer`,
            'install libdeflate0 and libisal2, as Debian calls them',
          ),
  },
  dataRoot,
  {
    name: 'exec root',
    assess: (facts) =>
      'problem' in facts.execRoot
        ? unreachableDirectory(facts.execRoot.problem)
        : assessExecRoot(facts, facts.execRoot),
  },
  {
    name: 'disk space',
    assess: (facts) =>
      'problem' in facts.dataRoot
        ? unreachableDirectory(facts.dataRoot.problem)
        : assessSpace(facts.dataRoot),
  },
  { name: 'clock', assess: assessClock },
];

/** Assess a host. @returns one check for each requirement, in the order of the table */
export function checkHost(facts: HostFacts): readonly HostCheck[] {
  return assessAll(hostRequirements, facts);
}

function assessKernel({ kernelRelease }: HostFacts): Assessment {
  const [major = 0, minor = 0] = kernelRelease.split(/[.-]/).map(Number);
  const [wantMajor, wantMinor] = minimumKernel;
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return ok(kernelRelease);
  return fail(`${kernelRelease} is too old`, `install Linux ${wantMajor}.${wantMinor} or newer`);
}

function assessFuse({ hasFuseDevice, fileSystems }: HostFacts): Assessment {
  if (hasFuseDevice && fileSystems.has('fuse')) return ok('available');
  const message = hasFuseDevice ? 'the module is not loaded' : '/dev/fuse does not exist';
  return warn(message, 'modprobe fuse, if a plugin such as sshfs needs it');
}

/** The engine shares its own mounts, through which plugins mount for the host; host paths are the operator's. */
function assessRootPropagation({ mounts }: HostFacts): Assessment {
  const root = mountOfPath(mounts, '/');
  if (root === undefined || isShared(root)) return ok('shared');
  const message = 'private: mounts of plugins in directories of the host are not visible on the host';
  return warn(message, 'mount --make-rshared /');
}

function assessExecRoot({ mounts }: HostFacts, { path, realPath }: ReachedDirectory): Assessment {
  const fileSystem = mountOfPath(mounts, realPath)?.fileSystem ?? 'an unknown file system';
  if (!areSocketLinksShort(path)) {
    const message = `${path} is so long that other programs cannot dial sockets of plugins`;
    return warn(message, 'use a shorter --exec-root, such as /run/outboard');
  }
  if (fileSystem === 'tmpfs') return ok(`${path} on ${fileSystem}`);
  // The next start removes files of an earlier boot, which it knows by the boot ID.
  const remedy = isAtOrBelow(realPath, '/run')
    ? 'mount a tmpfs at /run, as hosts with systemd have it'
    : 'use an --exec-root on a tmpfs, such as /run/outboard';
  return warn(`${path} on ${fileSystem}, which a reboot does not empty`, remedy);
}

function assessSpace({ path, freeBytes, freeFiles }: ReachedDirectory): Assessment {
  const mebibytes = Math.floor(freeBytes / 1024 ** 2);
  const files = freeFiles === undefined ? '' : `, ${freeFiles} files`;
  const message = `${mebibytes} MiB${files} free for ${path}`;
  const remedy = 'outboard gc, remove plugins, or make the file system larger';
  if (freeBytes < scarceBytes.fail) return fail(message, remedy);
  const isScarce = freeBytes < scarceBytes.warn || (freeFiles ?? scarceFiles) < scarceFiles;
  return isScarce ? warn(message, remedy) : ok(message);
}

function assessClock({ now, isClockSynchronised }: HostFacts): Assessment {
  const shown = now.toISOString();
  if (now < earliestNow) {
    return fail(`${shown} is in the past: certificates of registries are not valid yet`, 'set the clock');
  }
  if (isClockSynchronised !== false) return ok(shown);
  return warn(`${shown}, not synchronised`, 'run a time service, such as systemd-timesyncd or chrony');
}
