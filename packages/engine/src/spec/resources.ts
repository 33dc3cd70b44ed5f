/**
 * Converts a plugin's limits to the OCI runtime spec: resources of the cgroup and limits of each process.
 */

import type { RuntimeSpec, SpecLimits } from '@outboard/container';
import type { PluginLimits } from '../config/plugin-options.ts';

/** The period that Docker uses. */
const cpuPeriodMicroseconds = 100_000;

/** No bound, in an update. */
const unlimited = -1;

/**
 * Convert the limits of a plugin's cgroup.
 * @param host.limitsSwap false when the kernel cannot limit swap: then only memory is limited
 */
export function createLimits(limits: PluginLimits, host: { readonly limitsSwap: boolean }): SpecLimits {
  const { memoryBytes, cpus, pids } = limits;
  return {
    // Memory and swap have one limit: with more swap the plugin would only become slow.
    ...(memoryBytes !== undefined && {
      memory: { limit: memoryBytes, ...(host.limitsSwap && { swap: memoryBytes }) },
    }),
    ...(cpus !== undefined && {
      cpu: { quota: Math.round(cpus * cpuPeriodMicroseconds), period: cpuPeriodMicroseconds },
    }),
    ...(pids !== undefined && { pids: { limit: pids } }),
  };
}

/** Convert limits for a running container. Every bound is named, to replace an earlier one. */
export function createLimitsUpdate(
  limits: PluginLimits,
  host: { readonly limitsSwap: boolean },
): Required<SpecLimits> {
  const unbounded = { limit: unlimited, ...(host.limitsSwap && { swap: unlimited }) };
  const { memory = unbounded, cpu, pids = { limit: unlimited } } = createLimits(limits, host);
  return { memory, cpu: cpu ?? { quota: unlimited, period: cpuPeriodMicroseconds }, pids };
}

/** Convert the limits of each process. */
export function createRlimits(openFiles: number): NonNullable<RuntimeSpec['process']['rlimits']> {
  return [{ type: 'RLIMIT_NOFILE', soft: openFiles, hard: openFiles }];
}
