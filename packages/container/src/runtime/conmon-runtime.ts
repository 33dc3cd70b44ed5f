/**
 * The container runtime by conmon and an OCI runtime (runc, crun): the OCI runtime creates a container, conmon monitors
 * it. Keeps the containers that run in memory, nothing else.
 */
import { existsSync, readFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectories, OutboardError } from '@outboard/oci';
import { type Logger, pino } from 'pino';
import { type ContainerCgroup, locateCgroup, requireCgroup } from '../cgroup/cgroup-driver.ts';
import { findCgroupDirectories } from '../cgroup/cgroup-tree.ts';
import { findBinary } from '../linux/find-binary.ts';
import { readBootId } from '../linux/process-identity.ts';
import { isContainerId } from '../spec/container-id.ts';
import {
  type BundlePaths,
  bundlePaths,
  cgroupsPathOf,
  createBundle,
  createGeneration,
  createLogDirectory,
  type RunRecord,
  writeRunRecord,
} from './bundle.ts';
import { type CreatedContainer, createUnderConmon } from './conmon.ts';
import { ConmonContainer } from './conmon-container.ts';
import {
  type CleanupDeadlines,
  type CleanupDeps,
  type ContainerCleanup,
  cleanUpContainer,
} from './container-cleanup.ts';
import type {
  Container,
  ContainerRuntime,
  RecoveredContainers,
  StartContainer,
} from './container-runtime.ts';
import { startContainer } from './oci-runtime.ts';
import { recoverContainers } from './recover-containers.ts';

/** Options of `openConmonRuntime`. */
export interface ConmonRuntimeOptions {
  /** Such as `/run/outboard`; on a file system that a reboot empties. */
  readonly execRoot: string;
  /** `runc` (default), `crun`, or the absolute path of a runtime with the same command line. */
  readonly runtime?: string | undefined;
  /** Name or absolute path; default `conmon`. */
  readonly conmon?: string | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
  /** Size in bytes at which the log of a container without `log` starts over; default 1 MiB. */
  readonly maxLogBytes?: number | undefined;
  /** Interval between checks of the monitors, in milliseconds; default 3,000. */
  readonly checkIntervalMs?: number | undefined;
  readonly deadlines?: Partial<CleanupDeadlines> | undefined;
}

/**
 * Open the runtime over an exec root, whose directories are made when absent. Programs are looked up at each start, so
 * that a missing program fails that start only.
 */
export async function openConmonRuntime(given: ConmonRuntimeOptions): Promise<ContainerRuntime> {
  const options = { ...given, logger: given.logger ?? pino({ level: 'silent' }) };
  const { execRoot } = options;
  for (const name of ['bundles', 'runtime']) {
    const path = join(execRoot, name);
    await makeDirectories(path, { mode: 0o700 });
    await chmod(path, 0o700);
  }
  return new ConmonRuntime(options);
}

const defaultDeadlines: CleanupDeadlines = { callMs: 30_000, killMs: 10_000, monitorMs: 3_000 };
const defaultMaxLogBytes = 1024 * 1024;

/** One attempt to start a container. */
interface Launch {
  readonly request: StartContainer;
  readonly cgroupsPath: string;
  readonly cgroup: ContainerCgroup;
  readonly paths: BundlePaths;
  readonly generation: string;
  /** Path of the OCI runtime. */
  readonly runtime: string;
}

class ConmonRuntime implements ContainerRuntime {
  readonly #options: ConmonRuntimeOptions & { readonly logger: Logger };
  readonly #cleanupDeps: CleanupDeps;
  readonly #bundles: string;
  readonly #bootId = readBootId();
  /** Containers that are starting, run, or have ended without being removed yet. */
  readonly #containers = new Map<string, ConmonContainer | 'starting'>();
  #checks: NodeJS.Timeout | undefined;

  constructor(options: ConmonRuntimeOptions & { readonly logger: Logger }) {
    this.#options = options;
    this.#bundles = join(options.execRoot, 'bundles');
    this.#cleanupDeps = {
      runtime: options.runtime ?? 'runc',
      runtimeRoot: join(options.execRoot, 'runtime'),
      logger: options.logger,
      deadlines: { ...defaultDeadlines, ...options.deadlines },
    };
  }

  async start(request: StartContainer): Promise<Container> {
    const { id } = request;
    const cgroupsPath = requireValid(request);
    const existing = this.#containers.get(id);
    if (existing !== undefined && existing !== 'starting' && existing.hasFailedRemoval)
      await existing.remove();
    if (this.#containers.has(id)) {
      throw new OutboardError('conflict', `container "${id}" exists already; remove it first`);
    }
    this.#containers.set(id, 'starting');
    try {
      const container = await this.#launch(request, cgroupsPath);
      this.#add(container);
      return container;
    } catch (error) {
      this.#containers.delete(id);
      throw error;
    }
  }

  async recover(): Promise<RecoveredContainers> {
    const found = await recoverContainers({
      bundles: this.#bundles,
      bootId: this.#bootId,
      cleanupDeps: this.#cleanupDeps,
      isKnown: (id) => this.#containers.has(id),
    });
    const containers = found.running.map((record) => this.#watch(record));
    for (const container of containers) this.#add(container);
    return {
      running: new Map(containers.map((container) => [container.id, container])),
      ended: new Map(found.ended.map((container) => [container.id, container])),
      unread: new Set(found.unread),
    };
  }

  release(): void {
    clearInterval(this.#checks);
    this.#checks = undefined;
    for (const container of this.#containers.values()) if (container !== 'starting') container.release();
    this.#containers.clear();
  }

  /** Create and start a container. After a failure nothing of it is left. */
  async #launch(request: StartContainer, cgroupsPath: string): Promise<ConmonContainer> {
    const { id, signal } = request;
    signal?.throwIfAborted();
    const [conmon, runtime] = await Promise.all([
      findBinary(this.#options.conmon ?? 'conmon'),
      findBinary(this.#cleanupDeps.runtime),
    ]);
    const paths = bundlePaths(join(this.#bundles, id));
    const cgroup = requireCgroup(cgroupsPath);
    const cleanup = { id, paths, cgroups: [cgroup], isOfThisBoot: true, awaitsMonitor: true, runtime };
    // With a cgroup of an earlier run in place, the runtime would join it and mix the processes of both.
    if ((await findCgroupDirectories(cgroup.path)).length > 0 || existsSync(paths.directory)) {
      await cleanUpContainer(cleanup, this.#cleanupDeps);
    }
    const generation = createGeneration();
    await createBundle(paths, generation, request.spec);
    const launch = { request, cgroupsPath, cgroup, paths, generation, runtime };
    let created: CreatedContainer | undefined;
    try {
      created = await this.#create(launch, conmon);
      return await this.#begin(this.#recordOf(launch, created), created.monitorEnded, launch);
    } catch (error) {
      await this.#cleanUpFailed({ ...cleanup, monitor: created?.monitor });
      throw error;
    }
  }

  async #create(launch: Launch, conmon: string): Promise<CreatedContainer> {
    const { request, cgroup, paths, generation, runtime } = launch;
    const { id, log, signal } = request;
    await createLogDirectory(paths, log?.directory);
    const { runtimeRoot, deadlines } = this.#cleanupDeps;
    const maxLogBytes = log?.maxFileBytes ?? this.#options.maxLogBytes ?? defaultMaxLogBytes;
    return createUnderConmon(
      { conmon, runtime, runtimeRoot, id, generation, paths, driver: cgroup.driver, maxLogBytes },
      { timeoutMs: deadlines.callMs, signal },
    );
  }

  /** The run record. Call it before the program of the container runs, which may move itself to another cgroup. */
  #recordOf(launch: Launch, { container, monitor }: CreatedContainer): RunRecord {
    const { request, cgroup, cgroupsPath, generation, runtime } = launch;
    const { id, label, log, restarts = 0, outOfMemoryKills: earlierKills = 0 } = request;
    const cgroupPath = locateCgroup(cgroup, readFileSync(`/proc/${container.pid}/cgroup`, 'utf8'));
    return {
      ...{ version: 1, id, generation, bootId: this.#bootId, cgroupsPath, cgroupPath, runtime },
      ...{ label, restarts, earlierKills, toldKills: 0, logStart: log?.start, container, monitor },
    };
  }

  /** Start the program of a created container, under watch. */
  async #begin(
    record: RunRecord,
    monitorEnded: Promise<void>,
    { request, paths, runtime }: Launch,
  ): Promise<ConmonContainer> {
    const { runtimeRoot, deadlines } = this.#cleanupDeps;
    const { id, signal } = request;
    const watched = this.#watch(record);
    try {
      await startContainer({ runtime, root: runtimeRoot, id }, { timeoutMs: deadlines.callMs, signal });
      // After the start: recovery removes a container without record, which was created and never ran.
      await writeRunRecord(paths, record);
    } catch (error) {
      watched.release();
      throw error;
    }
    void monitorEnded.then(() => watched.check());
    return watched;
  }

  #watch(record: RunRecord): ConmonContainer {
    const { id, monitor, runtime } = record;
    const paths = bundlePaths(join(this.#bundles, id));
    const cgroups = [requireCgroup(record.cgroupsPath)];
    return new ConmonContainer({
      record,
      paths,
      logger: this.#options.logger,
      cleanUp: async () => {
        await cleanUpContainer(
          { id, paths, cgroups, monitor, runtime, isOfThisBoot: true, awaitsMonitor: true },
          this.#cleanupDeps,
        );
        this.#containers.delete(id);
      },
    });
  }

  #add(container: ConmonContainer): void {
    this.#containers.set(container.id, container);
    // Unreferenced, so that a program can end and leave its containers running.
    this.#checks ??= setInterval(() => this.#checkAll(), this.#options.checkIntervalMs ?? 3_000).unref();
  }

  #checkAll(): void {
    for (const container of this.#containers.values()) if (container !== 'starting') void container.check();
  }

  /** A failure of the clean-up is logged only: the caller gets the error of the start. */
  async #cleanUpFailed(cleanup: ContainerCleanup): Promise<void> {
    try {
      await cleanUpContainer(cleanup, this.#cleanupDeps);
    } catch (error) {
      const { id } = cleanup;
      this.#options.logger.error({ err: error, id }, 'cannot remove what a failed start left');
    }
  }
}

/**
 * Check ID and cgroups path of a request.
 * @returns the cgroups path of its spec
 * @throws {OutboardError} invalid
 */
function requireValid({ id, spec }: StartContainer): string {
  if (!isContainerId(id)) throw new OutboardError('invalid', `container id "${id}" is not 64 hex digits`);
  const cgroupsPath = cgroupsPathOf(spec);
  if (cgroupsPath !== undefined) return cgroupsPath;
  throw new OutboardError(
    'invalid',
    'the runtime spec has no "linux.cgroupsPath" that is clean and absolute, or SLICE:PREFIX:NAME',
  );
}
