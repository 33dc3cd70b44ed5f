/**
 * From a plugin's limits to what the OCI runtime is told: the cgroup's resources and the limits of each process.
 */

import type { SpecLimits, SpecRlimit } from '@outboard/container';
import type { PluginLimits } from '../config/plugin-options.ts';

/** Docker's. */
const cpuPeriodMicroseconds = 100_000;

/** In an update: no bound. */
const unlimited = -1;

/**
 * The bounds of a plugin's cgroup.
 * @param host.limitsSwap whether the kernel can bound swap; where it cannot, only memory is bounded
 */
export function createLimits(limits: PluginLimits, host: { readonly limitsSwap: boolean }): SpecLimits {
  const { memoryBytes, cpus, pids } = limits;
  return {
    // No swap beyond what counts as memory, or the limit would only make the plugin slow.
    ...(memoryBytes !== undefined && {
      memory: { limit: memoryBytes, ...(host.limitsSwap && { swap: memoryBytes }) },
    }),
    ...(cpus !== undefined && {
      cpu: { quota: Math.round(cpus * cpuPeriodMicroseconds), period: cpuPeriodMicroseconds },
    }),
    ...(pids !== undefined && { pids: { limit: pids } }),
  };
}

/** The same for a container that runs, which may have had other bounds: each is named. */
export function createLimitsUpdate(
  limits: PluginLimits,
  host: { readonly limitsSwap: boolean },
): Required<SpecLimits> {
  const unbounded = { limit: unlimited, ...(host.limitsSwap && { swap: unlimited }) };
  const { memory = unbounded, cpu, pids = { limit: unlimited } } = createLimits(limits, host);
  return { memory, cpu: cpu ?? { quota: unlimited, period: cpuPeriodMicroseconds }, pids };
}

/** The limits of each process of a plugin. */
export function createRlimits(openFiles: number): readonly SpecRlimit[] {
  return [{ type: 'RLIMIT_NOFILE', soft: openFiles, hard: openFiles }];
}
