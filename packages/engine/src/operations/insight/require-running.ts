/**
 * Guard of operations that need a running plugin.
 */
import { OutboardError } from '@outboard/oci';
import { hasProcess } from '../../supervise/supervisor.ts';
import type { EngineContext } from '../engine-context.ts';

/** Commands that make a plugin run, by its state; in the other states it starts or stops by itself. */
const nextCommands: Readonly<Partial<Record<string, string>>> = { disabled: 'enable', failed: 'restart' };

/**
 * @returns the plugin's ID
 * @throws {OutboardError} not-found; conflict when the plugin does not run
 */
export function requireRunning(
  { store, supervisor }: Pick<EngineContext, 'store' | 'supervisor'>,
  plugin: string,
): string {
  const { id, name } = store.find(plugin);
  const state = supervisor.state(id);
  if (hasProcess(state)) return id;
  const next = nextCommands[state.status];
  const remedy = next === undefined ? '' : `: outboard ${next} ${name}`;
  throw new OutboardError('conflict', `plugin ${name} is not running: it is ${state.status}${remedy}`);
}
