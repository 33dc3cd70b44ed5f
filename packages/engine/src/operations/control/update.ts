/**
 * Update: change the options of a plugin. Limits that the kernel can change in a running container apply at once.
 */
import { availableParallelism } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { cgroups } from '@outboard/container';
import { OutboardError } from '@outboard/oci';
import { changesAtNextStart, optionsOf } from '../../config/options-in-force.ts';
import { applyOptionsPatch, type PluginOptionsPatch } from '../../config/parse-plugin-options.ts';
import type {
  DecidedOptions,
  PluginLimits,
  PluginOptions,
  PluginOverrides,
  SecurityOptions,
} from '../../config/plugin-options.ts';
import { findContainerInit } from '../../spec/container-init.ts';
import { requireSecurityChoices } from '../../spec/plugin-security.ts';
import { createLimitsUpdate } from '../../spec/resources.ts';
import { hasProcess } from '../../supervise/supervisor.ts';
import { bestEffort } from '../best-effort.ts';
import type { EngineContext } from '../engine-context.ts';

type UpdateContext = Pick<
  EngineContext,
  'admitOptions' | 'store' | 'queue' | 'supervisor' | 'containers' | 'logger'
>;

/** @throws {OutboardError} not-found; invalid when an ID prefix is ambiguous */
export function decidedOptions(context: Pick<EngineContext, 'store'>, plugin: string): DecidedOptions {
  const record = context.store.find(plugin);
  const { config, overrides } = record;
  return { inForce: optionsOf(record), overrides, author: config.authorOptions ?? {} };
}

/**
 * Change options, all that the patch names or none.
 * @returns the changes that need a restart to take effect, one sentence each
 * @throws {OutboardError} not-found; invalid for a value out of range, or that names what the host does not have;
 *   conflict when the kernel refuses a limit of the running plugin, such as less memory than it uses
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
    await requireAvailable(record.overrides, overrides);
    const updated = { ...record, overrides };
    const [before, after] = [optionsOf(record), optionsOf(updated)];
    const state = context.supervisor.state(id);
    const changesLimits = !isDeepStrictEqual(immediateLimits(before), immediateLimits(after));
    const isLive = changesLimits && hasProcess(state);
    if (!isDeepStrictEqual(before.gateway, after.gateway)) context.admitOptions(record, after);
    // The first step: no other can be refused.
    if (isLive) await setLimits(context, id, after.limits);
    try {
      await context.store.save(updated);
    } catch (error) {
      if (isLive) {
        const restore = () => setLimits(context, id, before.limits);
        await bestEffort(context, 'restore the limits of a plugin', restore);
      }
      throw error;
    }
    context.supervisor.update(updated);
    if (state.status === 'disabled' || state.status === 'failed') return [];
    return changesAfterRestart(before, after, changesLimits && !isLive);
  });
}

/** Apply limits to the running container; an absent one is lifted. @throws {OutboardError} conflict */
async function setLimits(
  { containers }: Pick<EngineContext, 'containers'>,
  id: string,
  limits: PluginLimits = {},
): Promise<void> {
  await containers.setLimits(id, createLimitsUpdate(limits, { limitsSwap: await cgroups.canLimitSwap() }));
}

/**
 * Check that the host has what the new overrides name. Only changes are checked: what was chosen before may be gone,
 * which is no fault of this change.
 * @throws {OutboardError} invalid; code `program-missing` without an init
 */
async function requireAvailable(before: PluginOverrides, after: PluginOverrides): Promise<void> {
  if (after.limits?.cpus !== before.limits?.cpus) requireProcessors(after.limits);
  await requireSecurityChoices(changedChoices(before.security, after.security));
  if (after.init === true && before.init !== true) await findContainerInit();
}

function changedChoices(before: SecurityOptions = {}, after: SecurityOptions = {}): SecurityOptions {
  const { seccomp, apparmor } = after;
  return {
    ...(seccomp !== undefined && seccomp !== before.seccomp && { seccomp }),
    ...(apparmor !== undefined && apparmor !== before.apparmor && { apparmor }),
  };
}

/** The limits that a running container can be given. */
function immediateLimits({ limits = {} }: PluginOptions): PluginLimits {
  const { openFiles: _fixedAtStart, ...immediate } = limits;
  return immediate;
}

function changesAfterRestart(
  before: PluginOptions,
  after: PluginOptions,
  withLimits: boolean,
): readonly string[] {
  return [...(withLimits ? ['Limits'] : []), ...changesAtNextStart(before, after)].map(
    (name) => `"${name}" takes effect when the plugin is started the next time`,
  );
}

/** For operators only: they know the host, which an author's limit cannot take into account. */
function requireProcessors({ cpus = 0 }: PluginLimits = {}): void {
  const available = availableParallelism();
  if (cpus <= available) return;
  throw new OutboardError(
    'invalid',
    `range of CPUs is from 0.01 to ${available.toFixed(2)}, as there are only ${available} CPUs available`,
  );
}
