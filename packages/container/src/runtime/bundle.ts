/**
 * The directory of one container below the exec root: the OCI bundle, the files of conmon, and the run record by
 * which a later process recovers the container. All of it is volatile: a reboot empties it.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { JsonFile, makeDirectories, OutboardError, onStorage, storageError } from '@outboard/oci';
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

const processIdentity = z.object({ pid: z.int().positive(), startTime: z.string().regex(/^\d+$/) });

const runRecord = z.object({
  version: z.literal(1),
  id: z.string(),
  generation: z.string().regex(/^[a-f0-9]{16}$/),
  bootId: z.string(),
  /** As in the runtime spec: it implies the cgroup driver of this container, whatever driver is configured now. */
  cgroupsPath: z.string().refine((path) => parseCgroupsPath(path) !== undefined),
  /** Path of the OCI runtime that created the container; absent in records of earlier versions. */
  runtime: z.string().optional(),
  /** As `locateCgroup` found it; absent in records of earlier versions. */
  cgroupPath: z.string().startsWith('/').optional(),
  /** Restarts before this run. */
  restarts: z.int().min(0).default(0),
  /** Processes that were killed for lack of memory in earlier runs. */
  earlierKills: z.int().min(0).default(0),
  /** The same in this run, as far as it was reported. */
  toldKills: z.int().min(0).default(0),
  /** Position in the log at which the output of this run begins. */
  logStart: z.object({ file: z.int().positive(), offset: z.int().min(0) }).optional(),
  container: processIdentity,
  monitor: processIdentity,
});

/** Record by which a later process recovers a container. */
export type RunRecord = z.infer<typeof runRecord>;

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
  isDurable: false,
  endsWithNewline: false,
  damage: 'absent',
  encode: (record) => record,
  decode: (document) => runRecord.parse(document),
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

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    // After a kill between two steps the file is absent or, for the spec, truncated. Both mean that nothing is known.
    if (isErrno(error, 'ENOENT', 'ENOTDIR') || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
