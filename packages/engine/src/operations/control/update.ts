/**
 * Update: change how a plugin runs. What the kernel can change of a running process applies at once.
 */
import { availableParallelism } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { canLimitSwap } from '@outboard/container';
import { OutboardError } from '@outboard/oci';
import { changesAtNextStart, withOptions } from '../../config/options-in-force.ts';
import { applyOptionsPatch, type PluginOptionsPatch } from '../../config/parse-plugin-options.ts';
import type {
  DecidedOptions,
  PluginLimits,
  PluginOptions,
  SecurityOptions,
} from '../../config/plugin-options.ts';
import { findContainerInit } from '../../spec/container-init.ts';
import { requireSecurityChoices } from '../../spec/plugin-security.ts';
import { createLimitsUpdate } from '../../spec/resources.ts';
import { hasProcess } from '../../supervise/supervisor.ts';
import { bestEffort } from '../best-effort.ts';
import type { EngineContext } from '../engine-context.ts';

/** @throws {OutboardError} not-found; invalid when an ID prefix is ambiguous */
export function decidedOptions(context: Pick<EngineContext, 'store'>, plugin: string): DecidedOptions {
  const { config, overrides, options } = context.store.find(plugin);
  return { inForce: options, overrides, author: config.authorOptions ?? {} };
}

type UpdateContext = Pick<EngineContext, 'store' | 'queue' | 'supervisor' | 'containers' | 'logger'>;

/**
 * Change options, all that the patch names or none.
 * @returns what is not in force yet, one sentence each
 * @throws {OutboardError} not-found; invalid for a value that cannot be in force, or that names something which the host
 *   does not have; conflict when the kernel refuses a
 *   limit of the plugin that runs, such as less memory than it uses
 */
export async function updatePlugin(
  context: UpdateContext,
  plugin: string,
  patch: PluginOptionsPatch,
): Promise<readonly string[]> {
  const { id } = context.store.find(plugin);
  return context.queue.run(id, async () => {
    const record = context.store.find(id);
    const overrides = applyOptionsPatch(record.overrides, patch, record.config.authorOptions);
    if (overrides.limits?.cpus !== record.overrides.limits?.cpus) requireProcessors(overrides.limits);
    await requireSecurityChoices(changedChoices(record.overrides.security, overrides.security));
    if (overrides.init === true && record.overrides.init !== true) await findContainerInit();
    const updated = withOptions({ ...record, overrides });
    const { status } = context.supervisor.state(id);
    const areLimitsOther = !isDeepStrictEqual(
      immediateLimits(record.options),
      immediateLimits(updated.options),
    );
    const isLive = areLimitsOther && hasProcess(context.supervisor.state(id));
    // First of all: it is the only step that can be refused.
    if (isLive) await setLimits(context, id, updated.options.limits);
    try {
      await context.store.save(updated);
    } catch (error) {
      if (isLive) {
        await bestEffort(context, 'take back the limits of a plugin', () =>
          setLimits(context, id, record.options.limits),
        );
      }
      throw error;
    }
    context.supervisor.update(updated);
    if (status === 'disabled' || status === 'failed') return [];
    return latentChanges(record.options, updated.options, areLimitsOther && !isLive);
  });
}

/** Apply limits to the container that runs; an absent one is lifted. @throws {OutboardError} conflict */
async function setLimits(
  { containers }: Pick<EngineContext, 'containers'>,
  id: string,
  limits: PluginLimits = {},
): Promise<void> {
  await containers.setLimits(id, createLimitsUpdate(limits, { limitsSwap: await canLimitSwap() }));
}

/** What is chosen anew. What was chosen before may have gone meanwhile, and is no matter of this change. */
function changedChoices(before: SecurityOptions = {}, after: SecurityOptions = {}): SecurityOptions {
  const { seccomp, apparmor } = after;
  return {
    ...(seccomp !== undefined && seccomp !== before.seccomp && { seccomp }),
    ...(apparmor !== undefined && apparmor !== before.apparmor && { apparmor }),
  };
}

/** What a running container can be given. */
function immediateLimits({ limits = {} }: PluginOptions): PluginLimits {
  const { openFiles: _atStart, ...immediate } = limits;
  return immediate;
}

/** Warnings about changes that the running container does not have. */
function latentChanges(
  before: PluginOptions,
  after: PluginOptions,
  areLimitsLatent: boolean,
): readonly string[] {
  return [...(areLimitsLatent ? ['Limits'] : []), ...changesAtNextStart(before, after)].map(
    (name) => `"${name}" takes effect when the plugin is started the next time`,
  );
}

/** An operator who asks for more than there is has mistaken the host; an author cannot know it. */
function requireProcessors({ cpus = 0 }: PluginLimits = {}): void {
  const available = availableParallelism();
  if (cpus <= available) return;
  throw new OutboardError(
    'invalid',
    `range of CPUs is from 0.01 to ${available.toFixed(2)}, as there are only ${available} CPUs available`,
  );
}
