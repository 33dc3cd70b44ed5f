/**
 * The contract of the container runtime: start, recovery and removal of containers that outlive this process.
 */

import type { Cancellable } from '@outboard/async';
import type { LogDestination } from '../logs/start-log.ts';

/** Result of a container. It has neither code nor signal when no monitor recorded the exit. */
export interface ContainerExit {
  readonly code?: number | undefined;
  readonly signal?: string | undefined;
  readonly outOfMemory: boolean;
}

/** A container that this process or an earlier one started. */
export interface Container {
  readonly id: string;
  /** Pid of the container's first process, on the host. */
  readonly pid: number;
  /** Start time of that process, according to the kernel. */
  readonly startedAt: Date;
  /** As in `StartContainer`. */
  readonly restarts: number;
  /** As in `StartContainer`; undefined also for a container that an earlier version of this program started. */
  readonly label?: string | undefined;
  /** Processes that the kernel killed for lack of memory, in this run and in earlier ones. */
  readonly outOfMemoryKills: number;
  /**
   * Resolves when the container has exited, for whatever reason, or its monitor is gone. Never rejects. It does not
   * keep this process alive: containers outlive it.
   */
  readonly exited: Promise<ContainerExit>;
  /** Send a signal to the container's first process. Does nothing when it has exited. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /**
   * Call a listener when the kernel killed a process other than the first one for lack of memory: the container still
   * runs, but may no longer work. Called within seconds. @returns function that removes the listener
   */
  onOutOfMemory(listener: () => void): () => void;
  /** The last lines of stdout and stderr, oldest first, at most `lines` of them and 64 KiB. */
  readLogTail(lines: number): Promise<readonly string[]>;
  /**
   * Remove everything of the container from the host: runtime state, cgroup with all processes, mounts, bundle. Kills
   * the container if it still runs. Idempotent.
   */
  remove(): Promise<void>;
}

/** A container to start. */
export interface StartContainer extends Cancellable {
  /** 64 hex digits. */
  readonly id: string;
  /** The OCI runtime spec (config.json of the bundle). */
  readonly spec: object;
  /** Number of restarts before this start; recorded for a later process. Default 0. */
  readonly restarts?: number | undefined;
  /** Out-of-memory kills in earlier runs; recorded likewise. Default 0. */
  readonly outOfMemoryKills?: number | undefined;
  /** Names what the container runs; recorded likewise. */
  readonly label?: string | undefined;
  /** Destination of its output; default a file of at most 1 MiB in its bundle, removed with it. */
  readonly log?: LogDestination | undefined;
}

/** A container of an earlier process that has ended, or that cannot be verified to be the recorded one. */
export interface EndedContainer {
  readonly id: string;
  /** Absent when it never ran, or ran before the last boot. */
  readonly exit?: ContainerExit | undefined;
  /** As in `Container`. */
  readonly label?: string | undefined;
  /** As in `StartContainer`; 0 when unknown. */
  readonly restarts: number;
  /** As in `Container`; 0 when unknown. */
  readonly outOfMemoryKills: number;
  /** As in `Container`. */
  readLogTail(lines: number): Promise<readonly string[]>;
  /** As in `Container`. The ID cannot be used again before. */
  remove(): Promise<void>;
}

/** All containers that earlier processes left on this host. */
export interface RecoveredContainers {
  /** Those that run, verified by pid, process start time and boot ID. */
  readonly running: ReadonlyMap<string, Container>;
  /** The others; the caller of `recover` removes them. */
  readonly ended: ReadonlyMap<string, EndedContainer>;
  /** IDs of containers whose record cannot be read. They may run: leave them alone. */
  readonly unread: ReadonlySet<string>;
}

/** Starts containers and recovers those of an earlier process. */
export interface ContainerRuntime {
  /** @throws {OutboardError} system with the runtime's own words when it refuses; nothing is left behind then */
  start(request: StartContainer): Promise<Container>;
  /**
   * Find the containers of an earlier process. Changes nothing and waits for no container: a container that hangs
   * delays its own removal only.
   */
  recover(): Promise<RecoveredContainers>;
  /** Stop watching all containers. They run on, and `exited` of those that still run stays pending. */
  release(): void;
}
