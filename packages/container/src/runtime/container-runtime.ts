/**
 * The contract of the container runtime: conmon holds the container, an OCI runtime (runc, crun) makes it.
 */

import type { LogDestination } from '../logs/start-log.ts';

/** How a container ended. An exit that nobody saw has neither code nor signal. */
export interface ContainerExit {
  readonly code?: number;
  readonly signal?: string;
  readonly outOfMemory: boolean;
}

/** One container that was started, by this process or by one before it. */
export interface Container {
  readonly id: string;
  /** Pid of the container's first process, on the host. */
  readonly pid: number;
  /** When that process was started, by the kernel's account. */
  readonly startedAt: Date;
  /** As in `StartContainer`. */
  readonly restarts: number;
  /** How many of its processes were killed for want of memory, those of earlier runs counted. */
  readonly outOfMemoryKills: number;
  /**
   * Resolves once the container has exited, whoever ended it; also when its monitor vanished. Never rejects. Waiting for it
   * does not keep this process alive: containers outlive it.
   */
  readonly exited: Promise<ContainerExit>;
  /** Send a signal to the container's first process. Does nothing when it has exited. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /**
   * Be told when a process of it, but not its first one, was killed for want of memory: it runs on, and may be of no more
   * use. Told within seconds. @returns stops it
   */
  onOutOfMemory(listener: () => void): () => void;
  /** The last lines that it wrote to stdout and stderr, oldest first, at most `lines` of them and 64 KiB. */
  readLogTail(lines: number): Promise<readonly string[]>;
  /**
   * Remove what the container leaves on the host: runtime state, cgroup with every process in it, mounts, bundle.
   * The container must have exited or is killed first. Idempotent.
   */
  remove(): Promise<void>;
}

/** What to start. */
export interface StartContainer {
  /** 64 hex digits. */
  readonly id: string;
  /** The OCI runtime spec (config.json of the bundle). */
  readonly spec: object;
  /** How often it was started again before; kept for a later process. Default 0. */
  readonly restarts?: number;
  /** How many of its processes were killed for want of memory before; kept likewise. Default 0. */
  readonly outOfMemoryKills?: number;
  /** Where its output is kept; default in its bundle, 1 MiB at most, until it is removed. */
  readonly log?: LogDestination;
  readonly signal?: AbortSignal;
}

/** What an earlier process left of a container that does not run any more, or cannot be proven to be its own. */
export interface EndedContainer {
  readonly id: string;
  /** How it ended; absent when it never ran, or in an earlier boot. */
  readonly exit?: ContainerExit;
  /** As in `StartContainer`; 0 when unknown. */
  readonly restarts: number;
  /** As in `Container`; 0 when unknown. */
  readonly outOfMemoryKills: number;
  /** As in `Container`. */
  readLogTail(lines: number): Promise<readonly string[]>;
  /** As in `Container`. Until then its ID cannot be used again. */
  remove(): Promise<void>;
}

/** What an earlier process left. Together, everything of containers that is on the host. */
export interface RecoveredContainers {
  /** Those that run, verified by pid, process start time and boot ID. */
  readonly running: ReadonlyMap<string, Container>;
  /** The others; whoever recovers removes them. */
  readonly ended: ReadonlyMap<string, EndedContainer>;
  /** Those of which nobody can tell whether they run; they are to be left alone. */
  readonly unread: ReadonlySet<string>;
}

/** Starts containers and finds those that an earlier process started. */
export interface ContainerRuntime {
  /** @throws {OutboardError} system with the runtime's own words when it refuses; nothing is left behind then */
  start(request: StartContainer): Promise<Container>;
  /**
   * Find what an earlier process left. It only looks, and does not wait for any container: what hangs concerns its own
   * removal.
   */
  recover(): Promise<RecoveredContainers>;
  /** Let go of all containers: they run on, are no longer watched, and `exited` of those that still run stays pending. */
  release(): void;
}
