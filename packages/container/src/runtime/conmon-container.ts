/**
 * A container that conmon holds. Its end is learned from the exit file, which is watched; a look at the processes
 * now and then finds what no file tells: a monitor that was killed.
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

/** What a `ConmonContainer` is made of. */
export interface ConmonContainerDeps {
  readonly record: RunRecord;
  readonly paths: BundlePaths;
  readonly logger: Logger;
  /** Removes everything of the container from the host. */
  readonly cleanUpContainer: () => Promise<void>;
}

/** How long a killed process may take to end, in milliseconds. */
const endingMs = 500;

/** One running container, watched until it ends, is removed or is let go. */
export class ConmonContainer implements Container {
  readonly id: string;
  readonly pid: number;
  readonly startedAt: Date;
  readonly restarts: number;
  readonly exited: Promise<ContainerExit>;
  readonly #parts: ConmonContainerDeps;
  readonly #exitDirectory: string;
  readonly #cgroupPath: string;
  readonly #settle: (exit: ContainerExit) => void;
  #hasEnded = false;
  #hasFailedRemoval = false;
  #missedLooks = 0;
  #toldKills: number;
  /** Seen and not told yet: the first process takes a moment to end, and is no news of its own. */
  #seenKills: { readonly kills: number; readonly atMs: number } | undefined;
  readonly #outOfMemoryListeners = createListeners((error) =>
    this.#parts.logger.error({ err: error, id: this.id }, 'a listener for out-of-memory kills failed'),
  );
  #watcher: FSWatcher | undefined;
  #look: Promise<void> | undefined;
  #removal: Promise<void> | undefined;

  constructor(parts: ConmonContainerDeps) {
    this.#parts = parts;
    this.id = parts.record.id;
    this.pid = parts.record.container.pid;
    this.startedAt = startOfProcess(parts.record.container, new Date());
    this.restarts = parts.record.restarts;
    this.#toldKills = parts.record.toldKills;
    this.#cgroupPath = requireCgroup(parts.record.cgroupsPath).path;
    this.#exitDirectory = exitDirectory(parts.paths, parts.record.generation);
    const { promise, resolve } = withResolvers<ContainerExit>();
    this.exited = promise;
    this.#settle = resolve;
    this.#watcher = this.#watchExitFile();
  }

  /** Whether it was to be removed and could not be: nothing of it may stay when its ID is used again. */
  get hasFailedRemoval(): boolean {
    return this.#hasFailedRemoval;
  }

  get outOfMemoryKills(): number {
    return this.#parts.record.earlierKills + this.#toldKills;
  }

  onOutOfMemory(listener: () => void): () => void {
    return this.#outOfMemoryListeners.add(listener);
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    if (!this.#hasEnded) signalProcess(this.#parts.record.container, signal);
  }

  readLogTail(lines: number): Promise<readonly string[]> {
    return readLogTail(this.#parts.paths.log, lines, this.#parts.record.logStart);
  }

  remove(): Promise<void> {
    // A removal that failed may be tried again.
    this.#removal ??= this.#remove().catch((error: unknown) => {
      this.#removal = undefined;
      this.#hasFailedRemoval = true;
      throw error;
    });
    return this.#removal;
  }

  /** Look whether it has ended. Called when something hints at it, and every few seconds. */
  check(): Promise<void> {
    this.#look ??= this.#checkOnce()
      .catch((error: unknown) => {
        this.#parts.logger.error({ err: error, id: this.id }, 'cannot tell whether a container still runs');
      })
      .finally(() => {
        this.#look = undefined;
      });
    return this.#look;
  }

  /** Stop watching; the container runs on and `exited` stays pending. */
  release(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  async #remove(): Promise<void> {
    await this.#parts.cleanUpContainer();
    this.#end({ outOfMemory: false });
  }

  async #checkOnce(): Promise<void> {
    if (this.#hasEnded) return;
    const { record } = this.#parts;
    // The processes first: a monitor that ends between the two looks has written the file by then.
    const monitorRuns = isSameProcess(record.monitor);
    const containerRuns = isSameProcess(record.container);
    const exit = await this.#readExit();
    if (exit !== undefined) return this.#end(exit);
    // No exit file will come without its writer, whether the container still runs or not.
    if (!monitorRuns) return this.#end({ outOfMemory: false });
    // A monitor that lives may be about to write; one that still has not at the next look is stuck.
    this.#missedLooks = containerRuns ? 0 : this.#missedLooks + 1;
    if (this.#missedLooks >= 3) return this.#end({ outOfMemory: false });
    if (containerRuns) await this.#lookForKills();
  }

  /** A process that the kernel killed for want of memory gives no other sign, unless it is the first one. */
  async #lookForKills(): Promise<void> {
    const kills = (await countOwnKills(this.#cgroupPath, this.#parts.paths.killedCommands)) ?? 0;
    if (kills <= this.#toldKills) return;
    const now = performance.now();
    this.#seenKills ??= { kills, atMs: now };
    if (now - this.#seenKills.atMs < endingMs) return;
    this.#toldKills = this.#seenKills.kills;
    this.#seenKills = undefined;
    this.#outOfMemoryListeners.notify();
    await writeRunRecord(this.#parts.paths, { ...this.#parts.record, toldKills: this.#toldKills });
  }

  #readExit(): Promise<ContainerExit | undefined> {
    const { paths } = this.#parts;
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

  /** Out of inotify watches, or the directory is gone: the periodic look remains. */
  #watchFailed(error: unknown): void {
    this.#parts.logger.warn({ err: error, id: this.id }, 'cannot watch for the exit of a container');
  }
}
