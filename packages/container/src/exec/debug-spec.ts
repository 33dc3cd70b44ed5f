/**
 * Derives the spec of a debug container: programs of the host in the namespaces of a running container, with the
 * privileges of that container and no more. A pure function.
 *
 * | | debug container |
 * | --- | --- |
 * | pid, network, ipc, uts, cgroup namespace | those of the container |
 * | mounts | its own: programs of the host, read-only; the root of the container is reachable through `/proc` |
 * | user, capabilities, seccomp, AppArmor, devices, limits | those of the container |
 */
import { containerDefaults } from '../spec/container-defaults.ts';
import type { RuntimeSpec, SpecMount, SpecNamespace } from '../spec/runtime-spec.ts';
import type { ExecProcess } from './exec-process.ts';

/** The running container, and the place of the debug container. */
export interface DebugTarget {
  /** Pid of the container's program, on the host. */
  readonly pid: number;
  /** Cgroup of the debug container, below that of the container. */
  readonly cgroupsPath: string;
  /** Root filesystem of the debug container, with its links. */
  readonly rootfs: string;
  /** Paths of the host that it gets at the same place, read-only. */
  readonly hostPaths: readonly string[];
}

/** A spec with the process of a command. */
export type DebugSpec = Pick<RuntimeSpec, 'ociVersion' | 'root' | 'mounts' | 'linux'> & {
  readonly process: ExecProcess;
};

const namespaceFiles: Readonly<Record<SpecNamespace, string>> = {
  mount: 'mnt',
  network: 'net',
  uts: 'uts',
  pid: 'pid',
  ipc: 'ipc',
  cgroup: 'cgroup',
};

/** Files of the container that say how its network is used. */
const networkFiles: readonly string[] = ['/etc/resolv.conf', '/etc/hosts'];
const kernelDirectories = /^\/(?:proc|dev|sys)(?:\/|$)/;

/** Create the spec. */
export function createDebugSpec(
  container: RuntimeSpec,
  process: ExecProcess,
  target: DebugTarget,
): DebugSpec {
  const { namespaces, devices, resources, maskedPaths, readonlyPaths, seccomp } = container.linux;
  const kept = container.mounts.filter(
    ({ destination, type }) =>
      (type !== 'bind' && kernelDirectories.test(destination)) || networkFiles.includes(destination),
  );
  return {
    ociVersion: container.ociVersion,
    root: { path: target.rootfs, readonly: true },
    process: { ...process, env: [containerDefaults.path, 'HOME=/tmp', ...ownVariables(container, process)] },
    mounts: [...kept, ...target.hostPaths.map(bindReadOnly), temporary],
    linux: {
      namespaces: namespaces.map(({ type }) =>
        type === 'mount' ? { type } : { type, path: `/proc/${target.pid}/ns/${namespaceFiles[type]}` },
      ),
      devices,
      resources: { devices: resources.devices },
      cgroupsPath: target.cgroupsPath,
      maskedPaths,
      readonlyPaths,
      ...(seccomp && { seccomp }),
    },
  };
}

/** Path in the debug container of the container's root: of its first process, whose pid is 1 in a namespace of its own. */
export function rootInside({ linux }: RuntimeSpec, pid: number): string {
  return `/proc/${linux.namespaces.some(({ type }) => type === 'pid') ? 1 : pid}/root`;
}

const temporary: SpecMount = {
  destination: '/tmp',
  type: 'tmpfs',
  source: 'tmpfs',
  options: ['nosuid', 'nodev', 'mode=1777'],
};

function bindReadOnly(path: string): SpecMount {
  return {
    destination: path,
    type: 'bind',
    source: path,
    options: ['bind', 'private', 'ro', 'nosuid', 'nodev'],
  };
}

/** The variables of the command, without those of the container, which may be secrets. */
function ownVariables(container: RuntimeSpec, { env }: ExecProcess): readonly string[] {
  return env.filter((variable) => !container.process.env.includes(variable));
}
