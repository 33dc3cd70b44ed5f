/**
 * One container's directory below the exec root: the OCI bundle, what conmon writes, and the record by which a later
 * process takes the container back. All of it is volatile; it means nothing after a reboot.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeDirectories, OutboardError, onStorage, storageError } from '@outboard/oci';
import * as z from 'zod';
import { type ContainerCgroup, parseCgroupsPath, requireCgroup } from '../cgroup/cgroup-driver.ts';
import { isErrno } from '../linux/errno.ts';

/** Names below `EXEC_ROOT/bundles/<id>`. */
export interface BundlePaths {
  readonly directory: string;
  /** The OCI runtime spec. */
  readonly spec: string;
  /** Pid of the container's first process, written by conmon. */
  readonly containerPid: string;
  /** The directory of the container's log; a link to where it is kept, if that is elsewhere. */
  readonly log: string;
  /** Created by conmon in its working directory when the kernel ran out of memory for the container. */
  readonly outOfMemory: string;
  /** As long as commands that ran beside the plugin were killed for want of memory. */
  readonly killedCommands: string;
  /** The run record; present once the container was started. */
  readonly record: string;
}

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
 * Where conmon leaves the exit code of one run. The generation is in the path, so that a monitor of an earlier run
 * can never tell its end as that of a later one.
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
  /** As in the runtime spec: it tells the driver too, whichever is in use by now. */
  cgroupsPath: z.string().refine((path) => parseCgroupsPath(path) !== undefined),
  /** Path of the OCI runtime that made the container; absent in records of earlier versions. */
  runtime: z.string().optional(),
  /** As `locateCgroup` found it; records of earlier versions have none. */
  cgroupPath: z.string().startsWith('/').optional(),
  /** How often the plugin was started again before this run. */
  restarts: z.int().min(0).default(0),
  /** How many processes of the plugin were killed for want of memory in the runs before. */
  earlierKills: z.int().min(0).default(0),
  /** The same in this run, as far as it was told. */
  toldKills: z.int().min(0).default(0),
  /** Where the output of this run begins in the log. */
  logStart: z.object({ file: z.int().positive(), offset: z.int().min(0) }).optional(),
  container: processIdentity,
  monitor: processIdentity,
});

/** What a later process must know to take a container back. */
export type RunRecord = z.infer<typeof runRecord>;

/** A name for one run of a container, never used again. */
export function createGeneration(): string {
  return randomBytes(8).toString('hex');
}

/**
 * Make the directory of a new run.
 * @throws {OutboardError} conflict when the directory exists
 */
export async function createBundle(paths: BundlePaths, generation: string, spec: object): Promise<void> {
  await makeBundleDirectory(paths.directory);
  try {
    const exits = exitDirectory(paths, generation);
    await onStorage('make directory', exits, () => mkdir(exits, { mode: 0o700 }));
    // The spec holds the plugin's settings, which may be secrets.
    const text = JSON.stringify(spec);
    await onStorage('write file', paths.spec, () => writeFile(paths.spec, text, { mode: 0o600, flag: 'wx' }));
  } catch (error) {
    await rm(paths.directory, { recursive: true, force: true });
    throw error;
  }
}

async function makeBundleDirectory(path: string): Promise<void> {
  // A cleaner of temporary directories may have taken the directory of all bundles.
  await makeDirectories(dirname(path), { mode: 0o700 });
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw storageError('make directory', path, error);
    throw new OutboardError('conflict', `bundle "${path}" exists already`, { cause: error });
  }
}

/** Make the directory of the log. @param directory where the log is kept; in the bundle itself if undefined */
export async function createLogDirectory(paths: BundlePaths, directory: string | undefined): Promise<void> {
  await onStorage('make directory', paths.log, async () => {
    if (directory === undefined) await mkdir(paths.log, { mode: 0o700 });
    else await symlink(directory, paths.log);
  });
}

/** Write the record whole or not at all. Not flushed: after a power cut its boot ID would refuse it anyway. */
export async function writeRunRecord(paths: BundlePaths, record: RunRecord): Promise<void> {
  const temporary = `${paths.record}.new`;
  await onStorage('write file', paths.record, async () => {
    await writeFile(temporary, JSON.stringify(record), { mode: 0o600 });
    await rename(temporary, paths.record);
  });
}

/** The record of a bundle, or undefined when the run never got that far or the record is damaged. */
export async function readRunRecord(paths: BundlePaths): Promise<RunRecord | undefined> {
  const value = await readJson(paths.record);
  const parsed = runRecord.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** The cgroup that a bundle's spec names; it is there before the record. */
export async function readCgroup(paths: BundlePaths): Promise<ContainerCgroup | undefined> {
  const cgroupsPath = cgroupsPathOf(await readJson(paths.spec));
  return cgroupsPath === undefined ? undefined : requireCgroup(cgroupsPath);
}

const specWithCgroup = z.object({ linux: z.object({ cgroupsPath: z.string() }) });

/** The cgroups path in a runtime spec, or undefined when it has none or one that `parseCgroupsPath` refuses. */
export function cgroupsPathOf(spec: unknown): string | undefined {
  const { data } = specWithCgroup.safeParse(spec);
  return data && parseCgroupsPath(data.linux.cgroupsPath) && data.linux.cgroupsPath;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    // A kill between two steps leaves the file out or, for the spec, cut off: both mean "nothing to be learned".
    if (isErrno(error, 'ENOENT', 'ENOTDIR') || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
