/**
 * Damaged plugins in lists and one by one.
 */
import type { DamagedPlugin } from '../../store/damaged-plugin.ts';
import { hasProcess } from '../../supervise/supervisor.ts';
import type { EngineContext } from '../engine-context.ts';

/** A plugin whose record cannot be used. It goes on running if it runs; only repair and removal accept it. */
export interface DamagedPluginStatus {
  readonly id: string;
  /** Its local name; absent when its record is too damaged to tell it. */
  readonly name?: string | undefined;
  /** Cause of the damage. */
  readonly reason: string;
  readonly isRunning: boolean;
}

type DamagedContext = Pick<EngineContext, 'store' | 'supervisor'>;

/** All damaged plugins. */
export function listDamaged(context: DamagedContext): readonly DamagedPluginStatus[] {
  return context.store.damaged().map((plugin) => toStatus(context, plugin));
}

/**
 * @param plugin name, ID or unique ID prefix
 * @returns undefined when no damaged plugin has the name
 * @throws {OutboardError} invalid when an ID prefix is ambiguous
 */
export function inspectDamaged(context: DamagedContext, plugin: string): DamagedPluginStatus | undefined {
  const damaged = context.store.findDamaged(plugin);
  return damaged === undefined ? undefined : toStatus(context, damaged);
}

function toStatus({ supervisor }: DamagedContext, { id, name, reason }: DamagedPlugin): DamagedPluginStatus {
  return { id, name, reason, isRunning: hasProcess(supervisor.state(id)) };
}
