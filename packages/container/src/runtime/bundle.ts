/**
 * The directory of one container below the exec root: the OCI bundle, the files of conmon, and the run record by
 * which a later process recovers the container. All of it is volatile: a reboot empties it.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  codec,
  type Given,
  JsonFile,
  makeDirectories,
  OutboardError,
  onStorage,
  storageError,
  type ValueOf,
} from '@outboard/oci';
import * as z from 'zod';
import { type ContainerCgroup, parseCgroupsPath, requireCgroup } from '../cgroup/cgroup-driver.ts';
import { isErrno } from '../linux/errno.ts';

/** Paths below `EXEC_ROOT/bundles/<id>`. */
export interface BundlePaths {
  readonly directory: string;
  /** The OCI runtime spec. */
  readonly spec: string;
  /** Pid of the container's first process, written by conmon. */
  readonly containerPid: string;
  /** Directory of the container's log, or a link to it. */
  readonly log: string;
  /** Created by conmon when the kernel killed a process of the container for lack of memory. */
  readonly outOfMemory: string;
  /** Its size is the number of exec commands that the kernel killed for lack of memory. */
  readonly killedCommands: string;
  /** The run record; written when the container has started. */
  readonly record: string;
}

/** Paths of a bundle. @param directory of the bundle */
export function bundlePaths(directory: string): BundlePaths {
  return {
    directory,
    spec: join(directory, 'config.json'),
    containerPid: join(directory, 'container.pid'),
    log: join(directory, 'logs'),
    outOfMemory: join(directory, 'oom'),
    killedCommands: join(directory, 'killed-commands'),
    record: join(directory, 'run.json'),
  };
}

/**
 * Directory in which conmon writes the exit code of one run. The generation is in the path, so that the monitor of an
 * earlier run cannot report its exit as that of a later one.
 */
export function exitDirectory(paths: BundlePaths, generation: string): string {
  return join(paths.directory, `exit-${generation}`);
}

const { field, object, optionalField, requiredText, wholeNumber } = codec;
const count = wholeNumber(0, Number.MAX_SAFE_INTEGER);
const positive = wholeNumber(1, Number.MAX_SAFE_INTEGER);

const processCodec = object({
  pid: field('pid', positive),
  startTime: field('startTime', codec.textLike(/^\d+$/, ['22'])),
});

/** The table of a run record. Absent counts are 0. */
export const runRecordCodec = object({
  version: field('version', codec.constant(1)),
  id: field('id', requiredText),
  generation: field('generation', codec.textLike(/^[a-f0-9]{16}$/, ['0123456789abcdef'])),
  bootId: field('bootId', requiredText),
  /** As in the runtime spec: it implies the cgroup driver of this container, whatever driver is configured now. */
  cgroupsPath: field('cgroupsPath', codec.textThat(isCgroupsPath, 'a cgroups path', ['/plugins/p'])),
  /** As `locateCgroup` found it; absent in records of earlier versions. */
  cgroupPath: optionalField('cgroupPath', codec.textLike(/^\//, ['/plugins/p'])),
  /** Path of the OCI runtime that created the container; absent in records of earlier versions. */
  runtime: optionalField('runtime', requiredText),
  /** Name of what runs, as the caller gave it. */
  label: optionalField('label', requiredText),
  /** Restarts before this run. */
  restarts: field('restarts', count),
  /** Processes that were killed for lack of memory in earlier runs. */
  earlierKills: field('earlierKills', count),
  /** The same in this run, as far as it was reported. */
  toldKills: field('toldKills', count),
  /** Position in the log at which the output of this run begins. */
  logStart: optionalField(
    'logStart',
    object({ file: field('file', positive), offset: field('offset', codec.required(count)) }),
  ),
  container: field('container', processCodec),
  monitor: field('monitor', processCodec),
});

/** Record by which a later process recovers a container. */
export type RunRecord = Given<ValueOf<typeof runRecordCodec>>;

/** Unique name of one run of a container. */
export function createGeneration(): string {
  return randomBytes(8).toString('hex');
}

/**
 * Make the bundle of a new run.
 * @throws {OutboardError} conflict when the directory exists
 */
export async function createBundle(paths: BundlePaths, generation: string, spec: object): Promise<void> {
  await makeBundleDirectory(paths.directory);
  try {
    const exits = exitDirectory(paths, generation);
    await onStorage('make directory', exits, () => mkdir(exits, { mode: 0o700 }));
    // The spec holds settings, which may be secrets.
    const text = JSON.stringify(spec);
    await onStorage('write file', paths.spec, () => writeFile(paths.spec, text, { mode: 0o600, flag: 'wx' }));
  } catch (error) {
    await rm(paths.directory, { recursive: true, force: true });
    throw error;
  }
}

async function makeBundleDirectory(path: string): Promise<void> {
  // A cleaner of temporary files may have deleted the parent.
  await makeDirectories(dirname(path), { mode: 0o700 });
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw storageError('make directory', path, error);
    throw new OutboardError('conflict', `bundle "${path}" exists already`, { cause: error });
  }
}

/** Make the directory of the log. @param directory where the log is kept; undefined: in the bundle itself */
export async function createLogDirectory(paths: BundlePaths, directory: string | undefined): Promise<void> {
  await onStorage('make directory', paths.log, async () => {
    if (directory === undefined) await mkdir(paths.log, { mode: 0o700 });
    else await symlink(directory, paths.log);
  });
}

const runFile = new JsonFile<RunRecord>({
  subject: 'run record',
  codec: runRecordCodec,
  isDurable: false,
  endsWithNewline: false,
  damage: 'absent',
});

/** Write the record atomically. It is not flushed: after a power cut its boot ID is outdated anyway. */
export async function writeRunRecord(paths: BundlePaths, record: RunRecord): Promise<void> {
  await runFile.write(paths.record, record);
}

/** Read the record of a bundle. @returns undefined when the run never got that far or the record is damaged */
export async function readRunRecord(paths: BundlePaths): Promise<RunRecord | undefined> {
  return runFile.read(paths.record);
}

/** The cgroup in the spec of a bundle, which is written before the record. */
export async function readCgroup(paths: BundlePaths): Promise<ContainerCgroup | undefined> {
  const cgroupsPath = cgroupsPathOf(await readJson(paths.spec));
  return cgroupsPath === undefined ? undefined : requireCgroup(cgroupsPath);
}

const specWithCgroup = z.object({ linux: z.object({ cgroupsPath: z.string() }) });

/** The cgroups path of a runtime spec. @returns undefined when it is absent, or `parseCgroupsPath` rejects it */
export function cgroupsPathOf(spec: unknown): string | undefined {
  const { data } = specWithCgroup.safeParse(spec);
  return data && parseCgroupsPath(data.linux.cgroupsPath) && data.linux.cgroupsPath;
}

function isCgroupsPath(path: string): boolean {
  return parseCgroupsPath(path) !== undefined;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    // After a kill between two steps the file is absent or, for the spec, truncated. Both mean that nothing is known.
    if (isErrno(error, 'ENOENT', 'ENOTDIR') || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
