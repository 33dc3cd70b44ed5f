/**
 * A container under conmon. Its end is read from the exit file, which is watched; a periodic check of the processes
 * finds ends without a file, such as those of a killed monitor.
 */
import { type FSWatcher, watch } from 'node:fs';
import { createListeners, withResolvers } from '@outboard/async';
import type { Logger } from 'pino';
import { requireCgroup } from '../cgroup/cgroup-driver.ts';
import { countOwnKills } from '../cgroup/out-of-memory.ts';
import { isSameProcess, signalProcess, startOfProcess } from '../linux/process-identity.ts';
import { readLogTail } from '../logs/log-tail.ts';
import { type BundlePaths, exitDirectory, type RunRecord, writeRunRecord } from './bundle.ts';
import { readExit } from './container-exit.ts';
import type { Container, ContainerExit } from './container-runtime.ts';

/** Parts of a `ConmonContainer`. */
export interface ConmonContainerDeps {
  readonly record: RunRecord;
  readonly paths: BundlePaths;
  readonly logger: Logger;
  /** Remove everything of the container from the host. */
  readonly cleanUp: () => Promise<void>;
}

/** Time for a killed process to end, in milliseconds. */
const endingMs = 500;

/** A running container, watched until it ends, is removed or released. */
export class ConmonContainer implements Container {
  readonly id: string;
  readonly pid: number;
  readonly startedAt: Date;
  readonly restarts: number;
  readonly label: string | undefined;
  readonly exited: Promise<ContainerExit>;
  readonly #deps: ConmonContainerDeps;
  readonly #exitDirectory: string;
  readonly #cgroupPath: string;
  readonly #settle: (exit: ContainerExit) => void;
  #hasEnded = false;
  #hasFailedRemoval = false;
  #missedChecks = 0;
  #toldKills: number;
  /**
   * Kills that were counted but not reported yet: the first process takes a moment to end, and its kill is reported
   * as the exit.
   */
  #unreportedKills: { readonly kills: number; readonly atMs: number } | undefined;
  readonly #outOfMemoryListeners = createListeners((error) =>
    this.#deps.logger.error({ err: error, id: this.id }, 'a listener for out-of-memory kills failed'),
  );
  #watcher: FSWatcher | undefined;
  #runningCheck: Promise<void> | undefined;
  #removal: Promise<void> | undefined;

  constructor(deps: ConmonContainerDeps) {
    this.#deps = deps;
    this.id = deps.record.id;
    this.pid = deps.record.container.pid;
    this.startedAt = startOfProcess(deps.record.container, new Date());
    this.restarts = deps.record.restarts;
    this.label = deps.record.label;
    this.#toldKills = deps.record.toldKills;
    this.#cgroupPath = requireCgroup(deps.record.cgroupsPath).path;
    this.#exitDirectory = exitDirectory(deps.paths, deps.record.generation);
    const { promise, resolve } = withResolvers<ContainerExit>();
    this.exited = promise;
    this.#settle = resolve;
    this.#watcher = this.#watchExitFile();
  }

  /** True after a failed removal, which must succeed before the ID is used again. */
  get hasFailedRemoval(): boolean {
    return this.#hasFailedRemoval;
  }

  get outOfMemoryKills(): number {
    return this.#deps.record.earlierKills + this.#toldKills;
  }

  onOutOfMemory(listener: () => void): () => void {
    return this.#outOfMemoryListeners.add(listener);
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    if (!this.#hasEnded) signalProcess(this.#deps.record.container, signal);
  }

  readLogTail(lines: number): Promise<readonly string[]> {
    return readLogTail(this.#deps.paths.log, lines, this.#deps.record.logStart);
  }

  remove(): Promise<void> {
    // After a failure the next call tries again.
    this.#removal ??= this.#remove().catch((error: unknown) => {
      this.#removal = undefined;
      this.#hasFailedRemoval = true;
      throw error;
    });
    return this.#removal;
  }

  /** Check whether it has ended. Called on events, and every few seconds. */
  check(): Promise<void> {
    this.#runningCheck ??= this.#checkOnce()
      .catch((error: unknown) => {
        this.#deps.logger.error({ err: error, id: this.id }, 'cannot tell whether a container still runs');
      })
      .finally(() => {
        this.#runningCheck = undefined;
      });
    return this.#runningCheck;
  }

  /** Stop watching. The container runs on and `exited` stays pending. */
  release(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  async #remove(): Promise<void> {
    await this.#deps.cleanUp();
    this.#end({ outOfMemory: false });
  }

  async #checkOnce(): Promise<void> {
    if (this.#hasEnded) return;
    const { record } = this.#deps;
    // Processes before file: a monitor that ends in between has written the file by then.
    const monitorRuns = isSameProcess(record.monitor);
    const containerRuns = isSameProcess(record.container);
    const exit = await this.#readExit();
    if (exit !== undefined) return this.#end(exit);
    // Without a monitor no exit file will be written, whether the container runs or not.
    if (!monitorRuns) return this.#end({ outOfMemory: false });
    // A monitor that runs may be about to write the file; after three checks without it the monitor is stuck.
    this.#missedChecks = containerRuns ? 0 : this.#missedChecks + 1;
    if (this.#missedChecks >= 3) return this.#end({ outOfMemory: false });
    if (containerRuns) await this.#reportKills();
  }

  /** An out-of-memory kill has no event, unless it was of the first process. */
  async #reportKills(): Promise<void> {
    const kills = (await countOwnKills(this.#cgroupPath, this.#deps.paths.killedCommands)) ?? 0;
    if (kills <= this.#toldKills) return;
    const now = performance.now();
    this.#unreportedKills ??= { kills, atMs: now };
    if (now - this.#unreportedKills.atMs < endingMs) return;
    this.#toldKills = this.#unreportedKills.kills;
    this.#unreportedKills = undefined;
    this.#outOfMemoryListeners.notify();
    await writeRunRecord(this.#deps.paths, { ...this.#deps.record, toldKills: this.#toldKills });
  }

  #readExit(): Promise<ContainerExit | undefined> {
    const { paths } = this.#deps;
    return readExit(this.#exitDirectory, {
      id: this.id,
      paths,
      cgroupPath: this.#cgroupPath,
      toldKills: this.#toldKills,
    });
  }

  #end(exit: ContainerExit): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (exit.outOfMemory) this.#toldKills += 1;
    this.release();
    this.#settle(exit);
  }

  #watchExitFile(): FSWatcher | undefined {
    try {
      const watcher = watch(this.#exitDirectory, { persistent: false }, (_event, name) => {
        if (name === this.id) void this.check();
      });
      watcher.on('error', (error) => this.#watchFailed(error));
      return watcher;
    } catch (error) {
      this.#watchFailed(error);
      return undefined;
    }
  }

  /** No inotify watches left, or the directory is gone: the periodic check remains. */
  #watchFailed(error: unknown): void {
    this.#deps.logger.warn({ err: error, id: this.id }, 'cannot watch for the exit of a container');
  }
}
