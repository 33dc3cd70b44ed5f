/**
 * Starts containers: conmon holds each one, an OCI runtime (runc, crun) makes it. Holds those that run, nothing else.
 */

import { existsSync, readFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectories, OutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import { locateCgroup, requireCgroup } from '../cgroup/cgroup-driver.ts';
import { findCgroupDirectories } from '../cgroup/cgroup-tree.ts';
import { findBinary } from '../linux/find-binary.ts';
import { type ProcessIdentity, readBootId } from '../linux/process-identity.ts';
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
import { createUnderConmon } from './conmon.ts';
import { ConmonContainer } from './conmon-container.ts';
import { type CleanupDeadlines, type CleanupDeps, cleanUpContainer } from './container-cleanup.ts';
import type {
  Container,
  ContainerRuntime,
  RecoveredContainers,
  StartContainer,
} from './container-runtime.ts';
import { startContainer } from './oci-runtime.ts';
import { recoverContainers } from './recover-containers.ts';

export interface ConmonRuntimeOptions {
  /** Such as `/run/outboard`; on a file system that a reboot empties. */
  readonly execRoot: string;
  /** `runc` (default), `crun`, or the absolute path of a runtime that has their command line. */
  readonly runtime?: string;
  /** Name or absolute path; default `conmon`. */
  readonly conmon?: string;
  readonly logger: Logger;
  /** At this size the log of a container that says nothing about it is begun anew, in bytes; default 1 MiB. */
  readonly maxLogBytes?: number;
  /** How often to look whether monitors still live, in milliseconds; default 3,000. */
  readonly checkIntervalMs?: number;
  readonly deadlines?: Partial<CleanupDeadlines>;
}

/**
 * Open the runtime over an exec root, whose directories are made when absent. Programs are looked for when a container is
 * started, so that a missing one fails that start only.
 */
export async function openConmonRuntime(options: ConmonRuntimeOptions): Promise<ContainerRuntime> {
  const { execRoot } = options;
  for (const directory of ['bundles', 'runtime']) {
    const path = join(execRoot, directory);
    await makeDirectories(path, { mode: 0o700 });
    await chmod(path, 0o700);
  }
  return new ConmonRuntime(options);
}

const defaultDeadlines: CleanupDeadlines = { callMs: 30_000, killMs: 10_000, monitorMs: 3_000 };

class ConmonRuntime implements ContainerRuntime {
  readonly #options: ConmonRuntimeOptions;
  readonly #host: CleanupDeps;
  readonly #bundles: string;
  readonly #bootId = readBootId();
  /** Those that are starting, run, or have ended and are not removed yet. */
  readonly #containers = new Map<string, ConmonContainer | 'starting'>();
  #checks: NodeJS.Timeout | undefined;

  constructor(options: ConmonRuntimeOptions) {
    this.#options = options;
    this.#bundles = join(options.execRoot, 'bundles');
    this.#host = {
      runtime: options.runtime ?? 'runc',
      runtimeRoot: join(options.execRoot, 'runtime'),
      logger: options.logger,
      deadlines: { ...defaultDeadlines, ...options.deadlines },
    };
  }

  async start(request: StartContainer): Promise<Container> {
    const { id } = request;
    if (!isContainerId(id)) throw new OutboardError('invalid', `container id "${id}" is not 64 hex digits`);
    const cgroupsPath = cgroupsPathOf(request.spec);
    if (cgroupsPath === undefined) {
      throw new OutboardError(
        'invalid',
        'the runtime spec has no "linux.cgroupsPath" that is clean and absolute, or SLICE:PREFIX:NAME',
      );
    }
    const held = this.#containers.get(id);
    if (held !== undefined && held !== 'starting' && held.hasFailedRemoval) await held.remove();
    if (this.#containers.has(id)) {
      throw new OutboardError('conflict', `container "${id}" exists already; remove it first`);
    }
    this.#containers.set(id, 'starting');
    try {
      const container = await this.#launch(request, cgroupsPath);
      this.#hold(container);
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
      host: this.#host,
      isHeld: (id) => this.#containers.has(id),
    });
    const containers = found.running.map((record) => this.#watch(record));
    for (const container of containers) this.#hold(container);
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

  /** Everything from an empty place to a running program; on failure the place is empty again. */
  async #launch(request: StartContainer, cgroupsPath: string): Promise<ConmonContainer> {
    const { id, signal } = request;
    signal?.throwIfAborted();
    const [conmon, runtime] = await Promise.all([
      findBinary(this.#options.conmon ?? 'conmon'),
      findBinary(this.#host.runtime),
    ]);
    const paths = this.#paths(id);
    const cgroup = requireCgroup(cgroupsPath);
    let monitor: ProcessIdentity | undefined;
    const remove = (): Promise<void> =>
      cleanUpContainer(
        {
          id,
          paths,
          cgroups: [cgroup],
          isOfThisBoot: true,
          awaitsMonitor: true,
          runtime,
          ...(monitor && { monitor }),
        },
        this.#host,
      );
    // Nothing of an earlier run may be there: the runtime would join its cgroup and mix up the two.
    if ((await findCgroupDirectories(cgroup.path)).length > 0 || existsSync(paths.directory)) await remove();
    const generation = createGeneration();
    await createBundle(paths, generation, request.spec);
    try {
      const limits = { timeoutMs: this.#host.deadlines.callMs, ...(signal && { signal }) };
      const { runtimeRoot } = this.#host;
      const { log } = request;
      await createLogDirectory(paths, log?.directory);
      const maxLogBytes = log?.maxFileBytes ?? this.#options.maxLogBytes ?? 1024 * 1024;
      const created = await createUnderConmon(
        { conmon, runtime, runtimeRoot, id, generation, paths, driver: cgroup.driver, maxLogBytes },
        limits,
      );
      monitor = created.monitor;
      const { restarts = 0, outOfMemoryKills: earlierKills = 0 } = request;
      const run = {
        version: 1,
        id,
        generation,
        bootId: this.#bootId,
        cgroupsPath,
        restarts,
        earlierKills,
        toldKills: 0,
        runtime,
      } as const;
      const logStart = log?.start;
      const { container, monitorEnded } = created;
      // Before its program runs, which may move itself.
      const cgroupPath = locateCgroup(cgroup, readFileSync(`/proc/${container.pid}/cgroup`, 'utf8'));
      const record = { ...run, cgroupPath, ...(logStart && { logStart }), container, monitor };
      return await this.#begin(record, monitorEnded, {
        runtime,
        ...limits,
      });
    } catch (error) {
      await this.#removeFailed(id, remove);
      throw error;
    }
  }

  /** Let a created container run, under watch. */
  async #begin(
    record: RunRecord,
    monitorEnded: Promise<void>,
    options: { readonly runtime: string; readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<ConmonContainer> {
    const { id } = record;
    const watched = this.#watch(record);
    try {
      await startContainer({ runtime: options.runtime, root: this.#host.runtimeRoot, id }, options);
      // Only a started container has a record: recovery removes what was created and never ran.
      await writeRunRecord(this.#paths(id), record);
    } catch (error) {
      watched.release();
      throw error;
    }
    void monitorEnded.then(() => watched.check());
    return watched;
  }

  #watch(record: RunRecord): ConmonContainer {
    const { id, monitor } = record;
    const paths = this.#paths(id);
    const cgroups = [requireCgroup(record.cgroupsPath)];
    return new ConmonContainer({
      record,
      paths,
      logger: this.#options.logger,
      cleanUpContainer: async () => {
        await cleanUpContainer(
          {
            ...{ id, paths, cgroups, monitor, isOfThisBoot: true, awaitsMonitor: true },
            ...(record.runtime !== undefined && { runtime: record.runtime }),
          },
          this.#host,
        );
        this.#containers.delete(id);
      },
    });
  }

  #hold(container: ConmonContainer): void {
    this.#containers.set(container.id, container);
    // Without a reference, so that a program that is done can end and leave its containers running.
    this.#checks ??= setInterval(() => this.#checkAll(), this.#options.checkIntervalMs ?? 3_000).unref();
  }

  #checkAll(): void {
    for (const container of this.#containers.values()) if (container !== 'starting') void container.check();
  }

  /** The error of the start is the one to report; that of the clean-up is logged. */
  async #removeFailed(id: string, remove: () => Promise<void>): Promise<void> {
    try {
      await remove();
    } catch (error) {
      this.#options.logger.error({ err: error, id }, 'cannot remove what a failed start left');
    }
  }

  #paths(id: string): BundlePaths {
    return bundlePaths(join(this.#bundles, id));
  }
}
