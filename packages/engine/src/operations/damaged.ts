/**
 * Damaged plugins as their operators see them.
 */
import type { DamagedPluginStatus } from '../plugin-engine-contract.ts';
import type { DamagedPlugin } from '../store/damaged-plugin.ts';
import { hasProcess } from '../supervise/supervisor.ts';
import type { EngineContext } from './engine-context.ts';

type DamagedContext = Pick<EngineContext, 'store' | 'supervisor'>;

export function listDamaged(context: DamagedContext): readonly DamagedPluginStatus[] {
  return context.store.damaged().map((plugin) => toStatus(context, plugin));
}

/** @throws {OutboardError} invalid when an ID prefix is ambiguous */
export function inspectDamaged(context: DamagedContext, plugin: string): DamagedPluginStatus | undefined {
  const damaged = context.store.findDamaged(plugin);
  return damaged === undefined ? undefined : toStatus(context, damaged);
}

function toStatus({ supervisor }: DamagedContext, { id, name, reason }: DamagedPlugin): DamagedPluginStatus {
  return { id, reason, isRunning: hasProcess(supervisor.state(id)), ...(name !== undefined && { name }) };
}
