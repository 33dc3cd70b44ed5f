/**
 * The contract of containers that run, found by ID whatever process started them: figures, limits, commands.
 */
import type { ContainerProcess } from './cgroup/container-processes.ts';
import type { ResourceStats } from './cgroup/resource-stats.ts';
import type { ResourceUsage } from './cgroup/resource-usage.ts';
import type { DebugRequest, ExecRequest, ExecSession } from './exec/exec-session.ts';
import type { InterfaceTraffic } from './network/interface-traffic.ts';
import type { SpecLimits } from './spec/runtime-spec.ts';

/** Containers of one exec root. A container that has ended is absent from results unless a method says otherwise. */
export interface RunningContainers {
  /** CPU time and memory by container ID. @throws {OutboardError} system when the mount table cannot be read */
  usage(ids: readonly string[]): Promise<ReadonlyMap<string, ResourceUsage>>;
  /** All figures of the cgroups by container ID, with their limits. @throws as `usage` */
  stats(ids: readonly string[]): Promise<ReadonlyMap<string, ResourceStats>>;
  /** Traffic on the bridge interface of a container with a network namespace of its own. */
  traffic(id: string): Promise<InterfaceTraffic | undefined>;
  /** IPv4 address on the bridge. @throws {OutboardError} system when its record is damaged */
  address(id: string): Promise<string | undefined>;
  /** Processes by pid; none after the container ended. */
  processes(id: string): Promise<readonly ContainerProcess[]>;
  /**
   * True when the container's monitor is in the mount namespace of this process; undefined when that cannot be known.
   */
  sharesMountNamespace(id: string): Promise<boolean | undefined>;
  /**
   * Change the limits of memory, processors and processes: all of them or, when the kernel refuses one, none.
   * @throws {OutboardError} conflict when the container has ended, when more memory is in use than allowed, or with the
   *   runtime's own words
   */
  setLimits(id: string, limits: SpecLimits): Promise<void>;
  /**
   * Start a command and return when it runs.
   * @param signal kills the command, at any time
   * @throws {OutboardError} invalid for a wrong request, an unknown user, a program that cannot be run (code
   *   `exec-failed`); conflict when the container has ended
   */
  exec(id: string, request: ExecRequest, signal: AbortSignal): Promise<ExecSession>;
  /**
   * Start a command among the programs of the host, read-only, in the namespaces of a container but for its mounts, with
   * the container's privileges; without a command a shell.
   * @throws {OutboardError} as `exec`
   */
  debug(id: string, request: DebugRequest, signal: AbortSignal): Promise<ExecSession>;
  /** Names of the commands of a container, those whose client process was killed included. */
  execNames(id: string): Promise<readonly string[]>;
  /** Kill every process of a command and remove what it left on the host. Idempotent. */
  removeExec(id: string, name: string): Promise<void>;
}
