/**
 * Update: change how a plugin runs. What the kernel can change of a running process applies at once.
 */
import { withOptions } from '../config/options-in-force.ts';
import { applyOptionsPatch, type PluginOptionsPatch } from '../config/parse-plugin-options.ts';
import type { PluginOptions, PluginOverrides } from '../config/plugin-options.ts';
import type { EngineContext } from './engine-context.ts';

/** The options of a plugin, and who decided about them. */
export interface DecidedOptions {
  readonly inForce: PluginOptions;
  /** By the operator. */
  readonly overrides: PluginOverrides;
  /** By the plugin's author, in its config. */
  readonly author: PluginOverrides;
}

/** @throws {OutboardError} not-found; invalid when an ID prefix is ambiguous */
export function decidedOptions(context: Pick<EngineContext, 'store'>, plugin: string): DecidedOptions {
  const { config, overrides, options } = context.store.find(plugin);
  return { inForce: options, overrides, author: config.authorOptions ?? {} };
}

/**
 * Change options, all that the patch names or none.
 * @returns what is not in force yet, one sentence each
 * @throws {OutboardError} not-found; invalid for a value that cannot be in force
 */
export async function updatePlugin(
  context: Pick<EngineContext, 'store' | 'queue' | 'supervisor'>,
  plugin: string,
  patch: PluginOptionsPatch,
): Promise<readonly string[]> {
  const { id } = context.store.find(plugin);
  return context.queue.run(id, async () => {
    const record = context.store.find(id);
    const updated = withOptions({ ...record, overrides: applyOptionsPatch(record.overrides, patch) });
    await context.store.save(updated);
    context.supervisor.update(updated);
    return [];
  });
}
