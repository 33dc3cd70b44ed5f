/**
 * Describes a process for people: program, systemd unit and container. Reads only what the kernel answers from memory:
 * the command line and the program's path can make a reader wait for the process itself.
 */
import { readFileSync } from 'node:fs';
import { escapeHidden } from '@outboard/oci';
import { isErrno } from './errno.ts';
import { identifyProcess, type ProcessIdentity, processName } from './process-identity.ts';

/** Where a process belongs, as its cgroups tell. */
export interface ProcessMembership {
  /** Systemd unit, such as `web.service`; the innermost one, without those of log-in sessions and containers. */
  readonly unit?: string;
  /** ID of the container, 64 hex digits. */
  readonly container?: string;
}

/** A process as it is shown. Programs choose their own names: they identify nothing. */
export interface ProcessDescription extends ProcessIdentity, ProcessMembership {
  /** Name of the program, at most 15 bytes before escaping; characters that a terminal hides are escaped. */
  readonly program: string;
}

/**
 * Describe the process that has a pid now.
 * @returns undefined when no such process runs
 */
export function describeProcess(pid: number): ProcessDescription | undefined {
  const identity = identifyProcess(pid);
  if (identity === undefined) return undefined;
  const name = processName(pid) ?? '';
  const program = escapeHidden(Buffer.from(name, 'latin1').toString('utf8'));
  return { ...identity, program, ...parseMembership(readCgroups(pid)) };
}

function readCgroups(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return '';
    throw error;
  }
}

/**
 * Read unit and container from the cgroups of a process.
 * @param cgroups content of `/proc/<pid>/cgroup`
 * @see cgroups(7), "/proc files"; systemd.unit(5); names of cgroups that Docker, Podman, containerd and CRI-O give
 */
export function parseMembership(cgroups: string): ProcessMembership {
  const lines = cgroups.split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return controllers === undefined || path === undefined ? [] : [{ controllers, path }];
  });
  const container = lines.map(({ path }) => containerOf(path)).find((id) => id !== undefined);
  // Units are in the hierarchy of systemd: its own one, or that of cgroup v2.
  const unit = lines
    .filter(({ controllers }) => controllers === 'name=systemd' || controllers === '')
    .map(({ path }) => unitOf(path))
    .find((name) => name !== undefined);
  return { ...(unit === undefined ? {} : { unit }), ...(container === undefined ? {} : { container }) };
}

/** `docker-<ID>.scope`, `libpod-<ID>`, `libpod-payload-<ID>`, `cri-containerd-<ID>.scope`, `crio-<ID>.scope`, `<ID>`. */
const containerPattern = /^(?:[a-z]+(?:-[a-z]+)*-)?([0-9a-f]{64})(?:\.scope|\.service)?$/;
/** The monitor of a container runs on the host. */
const monitorPattern = /conmon-[0-9a-f]{64}/;

function containerOf(path: string): string | undefined {
  const names = path.split('/').reverse();
  const name = names.find((part) => containerPattern.test(part) && !monitorPattern.test(part));
  return name === undefined ? undefined : containerPattern.exec(name)?.[1];
}

function unitOf(path: string): string | undefined {
  const names = path.split('/').reverse().map(unescapeCgroup);
  return names.find((name) => unitPattern.test(name) && !namelessPattern.test(name));
}

const unitPattern = /^[\w:.@\\-]{1,255}\.(?:service|scope|socket|mount)$/;
/** Units whose name says nothing: of log-in sessions, of first processes, of transient scopes of containers. */
const namelessPattern = /^(?:session-.*|init|.*[0-9a-f]{64})\.(?:scope|service)$/;

/** systemd puts `_` before a name that could be mistaken for a file of the kernel. */
function unescapeCgroup(name: string): string {
  return name.startsWith('_') ? name.slice(1) : name;
}
