/**
 * Upper bound for stopping all plugins in parallel.
 */
import { optionsOf } from '../../config/options-in-force.ts';
import { stopGraceMs } from '../../config/supervision-options.ts';
import type { EngineContext } from '../engine-context.ts';

/** In milliseconds; 0 when no plugin is enabled. */
export function findLongestStop({ store }: Pick<EngineContext, 'store'>): number {
  const graces = store.all().map((record) => (record.enabled ? stopGraceMs(optionsOf(record)) : 0));
  return graces.reduce((longest, grace) => Math.max(longest, grace), 0);
}
