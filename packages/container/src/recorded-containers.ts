/**
 * Running containers by their run records in the exec root.
 */
import { join } from 'node:path';
import { mapBounded } from '@outboard/async';
import type { Logger } from 'pino';
import { findCgroupMounts } from './cgroup/cgroup-mounts.ts';
import { readContainerProcesses } from './cgroup/container-processes.ts';
import { readCgroupStats } from './cgroup/resource-stats.ts';
import { type ResourceUsage, readCgroupUsage } from './cgroup/resource-usage.ts';
import { containerEndedError, listExecDirectories, removeExec } from './exec/exec-directory.ts';
import { sharesMountNamespace } from './linux/mount-namespace.ts';
import { readContainerAddress } from './network/container-address.ts';
import { readInterfaceTraffic } from './network/interface-traffic.ts';
import type { RunningContainers } from './running-containers.ts';
import { readRunRecord } from './runtime/bundle.ts';
import { setContainerLimits } from './runtime/container-limits.ts';
import {
  type ContainerPaths,
  type ContainerRun,
  containerPaths,
  findRun,
} from './runtime/container-paths.ts';

/** Parts and paths that `openRunningContainers` needs. */
export interface RunningContainersDeps {
  readonly execRoot: string;
  /** Name or path of the OCI runtime, for containers of versions that did not record theirs; default `runc`. */
  readonly runtime?: string | undefined;
  readonly logger: Logger;
}

/** Reading a cgroup takes a few system calls in the thread pool, which other work needs too. */
const parallelReads = 8;

/** Nothing is opened and nothing is cached: each call reads the records anew. */
export function openRunningContainers(deps: RunningContainersDeps): RunningContainers {
  const paths = containerPaths(deps.execRoot, deps.runtime);
  const find = (id: string): Promise<ContainerRun | undefined> => findRun(paths, id);
  const commands = { paths, logger: deps.logger };
  return {
    async usage(ids) {
      const mounts = await findCgroupMounts();
      const usage = new Map<string, ResourceUsage>();
      const read = async (id: string): Promise<void> => {
        const run = await find(id);
        if (run !== undefined) usage.set(id, await readCgroupUsage(run.cgroupPath, mounts));
      };
      await mapBounded(ids, read, parallelReads);
      return usage;
    },
    async stats(ids) {
      const mounts = await findCgroupMounts();
      const stats = new Map();
      // In turn: statistics are not urgent, and other work needs the thread pool.
      for (const id of ids) {
        const run = await find(id);
        if (run !== undefined) stats.set(id, await readCgroupStats(run.cgroupPath, mounts));
      }
      return stats;
    },
    traffic: async (id) => {
      const run = await find(id);
      return run && readInterfaceTraffic(run.pid);
    },
    address: (id) => readContainerAddress(deps.execRoot, id),
    async processes(id) {
      const run = await find(id);
      return run === undefined ? [] : readContainerProcesses(run.cgroupPath);
    },
    async sharesMountNamespace(id) {
      const record = await readRunRecord(paths.bundle(id));
      return record && sharesMountNamespace(record.monitor.pid);
    },
    async setLimits(id, limits) {
      await setContainerLimits(paths, id, limits);
    },
    async exec(id, request, signal) {
      // Loaded at the first command: a program that runs none does without it and its libc bindings.
      const { startExec } = await import('./exec/start-exec.ts');
      const run = await requireRun(paths, id);
      return startExec(commands, { id, ...run }, request, signal);
    },
    async debug(id, request, signal) {
      const { startDebug } = await import('./exec/start-debug.ts');
      const run = await requireRun(paths, id);
      return startDebug(commands, { id, ...run }, request, signal);
    },
    execNames: (id) => listExecDirectories(paths.bundle(id).directory),
    async removeExec(id, name) {
      const run = await find(id);
      // After the container ended, no process of the command is left, and the bundle is removed as a whole.
      if (run !== undefined) await removeExec(run.cgroupPath, join(paths.bundle(id).directory, name));
    },
  };
}

async function requireRun(paths: ContainerPaths, id: string): Promise<ContainerRun> {
  const run = await findRun(paths, id);
  if (run === undefined) throw containerEndedError();
  return run;
}
