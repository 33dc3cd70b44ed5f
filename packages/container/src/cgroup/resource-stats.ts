/**
 * All figures of a container's cgroup, with its limits, for display on demand. `resource-usage.ts` reads the few that
 * are sampled continuously.
 * @see Documentation/admin-guide/cgroup-v1/blkio-controller.rst and pids.rst, cgroup-v2.rst
 */
import { join } from 'node:path';
import { type CgroupMount, mayControl } from './cgroup-mounts.ts';
import { readNumber, readOptional } from './controller-files.ts';
import { type ResourceUsage, readCgroupUsage } from './resource-usage.ts';

/** Figures of a container. A figure that this host does not count, and a limit that is not set, is absent. */
export interface ResourceStats extends ResourceUsage {
  readonly memoryLimitBytes?: number;
  /** Processes and threads. */
  readonly tasks?: number;
  readonly taskLimit?: number;
  /** Bytes read from block devices since the container was created. */
  readonly readBytes?: number;
  readonly writtenBytes?: number;
}

/** Cgroup v1 expresses "no limit" as a number larger than any host's memory. */
const leastUnlimitedBytes = 2 ** 62;

/**
 * Read all figures of one cgroup.
 * @param cgroupPath below the root of each hierarchy
 * @param mounts as `findCgroupMounts` found them
 */
export async function readCgroupStats(
  cgroupPath: string,
  mounts: readonly CgroupMount[],
): Promise<ResourceStats> {
  const [usage, ...found] = await Promise.all([
    readCgroupUsage(cgroupPath, mounts),
    ...mounts.map((mount) => readFigures(mount, join(mount.mountPoint, cgroupPath))),
  ]);
  // v1 is first in the list and has precedence.
  return Object.assign({}, ...found.toReversed(), usage);
}

async function readFigures(mount: CgroupMount, directory: string): Promise<ResourceStats> {
  const isVersion1 = mount.version === 1;
  const number = (controller: string, file: string) =>
    mayControl(mount, controller) ? readNumber(join(directory, file)) : undefined;
  const [limit, tasks, taskLimit, transfer] = await Promise.all([
    number('memory', isVersion1 ? 'memory.limit_in_bytes' : 'memory.max'),
    number('pids', 'pids.current'),
    number('pids', 'pids.max'),
    mayControl(mount, 'blkio') ? readTransfer(directory, mount.version) : {},
  ]);
  const hasLimit = limit !== undefined && limit < leastUnlimitedBytes;
  return {
    ...(hasLimit && { memoryLimitBytes: limit }),
    ...(tasks !== undefined && { tasks }),
    ...(taskLimit !== undefined && { taskLimit }),
    ...transfer,
  };
}

type Transfer = Pick<ResourceStats, 'readBytes' | 'writtenBytes'>;

function readTransfer(directory: string, version: 1 | 2): Promise<Transfer> {
  return version === 1 ? readTransfer1(directory) : readTransfer2(directory);
}

/** Read v1 totals: lines such as `8:0 Read 4096`, by device. */
async function readTransfer1(directory: string): Promise<Transfer> {
  const text =
    (await readOptional(join(directory, 'blkio.throttle.io_service_bytes_recursive'))) ??
    (await readOptional(join(directory, 'blkio.throttle.io_service_bytes')));
  return sumTransfer(text, /^\S+ Read (\d+)$/gm, /^\S+ Write (\d+)$/gm);
}

/** Read v2 totals: lines such as `8:0 rbytes=4096 wbytes=0 rios=1 wios=0`, by device. */
async function readTransfer2(directory: string): Promise<Transfer> {
  return sumTransfer(await readOptional(join(directory, 'io.stat')), /\brbytes=(\d+)/g, /\bwbytes=(\d+)/g);
}

function sumTransfer(text: string | undefined, read: RegExp, written: RegExp): Transfer {
  if (text === undefined) return {};
  const sum = (pattern: RegExp) =>
    [...text.matchAll(pattern)].reduce((total, [, bytes]) => total + Number(bytes), 0);
  return { readBytes: sum(read), writtenBytes: sum(written) };
}
