/**
 * The doctor: reads the facts of a host and assesses them. It needs no engine, and changes nothing.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { dirname } from 'node:path';
import {
  type CgroupDriver,
  cgroups,
  createFileSystemProbe,
  type FileSystemProbe,
  findBinary,
  findMissingLibraries,
  hostMounts,
  isClockSynchronised,
  runProgram,
} from '@outboard/container';
import { allCapabilities } from './capability-set.ts';
import { checkRecords } from './check-records.ts';
import { type FoundProgram, type HostFacts, type ProgramFacts, readHostSupply } from './host-facts.ts';
import { checkHost } from './host-requirements.ts';
import { mountOfPath, peerGroup } from './mount-of-path.ts';
import type { HostCheck } from './requirement.ts';

/** Configuration of the daemon whose host is examined. */
export interface DiagnoseOptions {
  readonly dataRoot: string;
  readonly execRoot: string;
  /** Name or path of the OCI runtime; default `runc`. */
  readonly runtime?: string | undefined;
  /** The configured driver; default by the init system of the host. */
  readonly cgroupDriver?: CgroupDriver | undefined;
}

/** A busy host takes seconds to load a program. */
const versionTimeoutMs = 10_000;
const noAnswer = `did not answer within ${versionTimeoutMs / 1000} s`;

/** Assess every requirement of plugins on the host. Requirements that are not met are results, not errors. */
export async function diagnoseHost(options: DiagnoseOptions): Promise<readonly HostCheck[]> {
  const probe = createFileSystemProbe();
  const supply = await readHostSupply(options.runtime ?? 'runc');
  const [runtime, conmon, namespaceProblem, dataRoot, execRoot, lastCapability] = await Promise.all([
    askVersion(supply.runtime, []),
    // Without this option only one client can attach to a plugin.
    askVersion(supply.conmon, ['--full-attach']),
    tryNamespaces(),
    findDirectory(options.dataRoot, probe),
    findDirectory(options.execRoot, probe),
    readFile('/proc/sys/kernel/cap_last_cap', 'utf8'),
  ]);
  const checks = checkHost({
    uid: process.getuid?.() ?? -1,
    kernelRelease: release(),
    runtime,
    conmon,
    namespaceProblem,
    mounts: supply.mounts,
    hidesMounts: await hidesMounts(dataRoot),
    cgroupDriver: options.cgroupDriver,
    isRunBySystemd: cgroups.chooseDriver(undefined) === 'systemd',
    fileSystems: supply.fileSystems,
    hasFuseDevice: existsSync('/dev/fuse'),
    missingCapabilities: allCapabilities(Number(lastCapability)).filter(
      (name) => !supply.boundingCapabilities.has(name),
    ),
    missingLibraries: findMissingLibraries(),
    dataRoot,
    execRoot,
    now: new Date(),
    isClockSynchronised: isClockSynchronised(),
  });
  // Reading records on a file system that does not answer would wait with it.
  return 'problem' in dataRoot ? checks : [...checks, await checkRecords(options.dataRoot)];
}

/** Mounts propagate to the first process's namespace when the mount below them is in a peer group with one there. */
async function hidesMounts(dataRoot: HostFacts['dataRoot']): Promise<boolean> {
  if ('problem' in dataRoot || (await hostMounts.sharesNamespace(1)) !== false) return false;
  const [own, first] = await Promise.all([hostMounts.read(), hostMounts.read(1)]);
  const [here, there] = [own, first].map((table) => peerGroup(mountOfPath(table, dataRoot.realPath)));
  return here === undefined || here !== there;
}

/** Start a process as the unpack jail is started. @returns the reason why that fails; undefined when it works */
async function tryNamespaces(): Promise<string | undefined> {
  try {
    const args = ['--mount', '--net', '--ipc', '--', await findBinary('true')];
    const limit = { signal: AbortSignal.timeout(versionTimeoutMs) };
    const { code, stderr } = await runProgram(await findBinary('unshare'), args, limit);
    return code === 0 ? undefined : stderr.trim() || `unshare ended with ${code}`;
  } catch (error) {
    // A busy host can create namespaces too.
    if (isTimeUp(error)) return undefined;
    return error instanceof Error ? error.message : String(error);
  }
}

function isTimeUp(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}

/** Ask a program for its version. @param wanted options that its `--help` must list */
async function askVersion(program: FoundProgram, wanted: readonly string[]): Promise<ProgramFacts> {
  if ('problem' in program) return program;
  const { path } = program;
  try {
    const limit = { signal: AbortSignal.timeout(versionTimeoutMs) };
    const { code, stdout } = await runProgram(path, ['--version'], limit);
    const [firstLine = ''] = stdout.split('\n');
    const version = /\bversion:?\s+(\S+)/.exec(firstLine)?.[1];
    if (code !== 0 || version === undefined) return { problem: `${path} does not tell its version` };
    if (wanted.length === 0) return { path, version };
    const help = await runProgram(path, ['--help'], limit);
    const missing = wanted.filter((option) => !help.stdout.includes(option));
    if (missing.length > 0)
      return { problem: `${path} ${version} is too old: it has no ${missing.join(', ')}` };
    return { path, version };
  } catch (error) {
    if (isTimeUp(error)) return { problem: `${path} ${noAnswer}`, isSlow: true };
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Facts about a directory. One that does not exist yet has those of its nearest ancestor. */
async function findDirectory(path: string, probe: FileSystemProbe): Promise<HostFacts['dataRoot']> {
  for (let place = path; ; place = dirname(place)) {
    const status = await probe.status(place, { followLinks: true });
    if (status.kind === 'missing' && place !== '/') continue;
    const realPath = await probe.realPath(place);
    const space = await probe.space(place);
    if (realPath.kind === 'found' && space.kind === 'found') {
      return { path, realPath: realPath.value, ...space.value };
    }
    const unseen = [status, realPath, space].find(({ kind }) => kind === 'unreachable');
    const reason = unseen?.kind === 'unreachable' ? unseen.reason : 'it was removed meanwhile';
    return { path, problem: `${place} cannot be reached: ${reason}` };
  }
}
