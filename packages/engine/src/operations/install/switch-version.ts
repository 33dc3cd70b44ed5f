/**
 * Switches a plugin from one version to another whose tree is complete. An enabled plugin is switched while its calls wait,
 * and switched back when the new version does not serve.
 */
import type { Cancellable } from '@outboard/async';
import { isOutboardError, OutboardError } from '@outboard/oci';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { type ExchangeMode, exchangeRootfs, matchTree, settleUpgrade } from '../../store/upgrade-journal.ts';
import { bestEffort } from '../best-effort.ts';
import type { EngineContext } from '../engine-context.ts';
import { stopOptions } from '../forced-stop.ts';
import { type TrialOptions, tryVersion } from './try-version.ts';

/** Parts that switching takes. */
export type SwitchContext = Pick<
  EngineContext,
  'store' | 'supervisor' | 'gates' | 'drivers' | 'collectors' | 'preflight' | 'logger'
>;

/** Two versions of one plugin. */
export interface VersionSwitch {
  readonly before: PluginRecord;
  readonly after: PluginRecord;
  readonly mode: ExchangeMode;
  /** Names the operation in errors, such as `upgraded`. */
  readonly done: string;
}

/** Options of a switch. */
export interface SwitchOptions extends Cancellable, TrialOptions {
  /** At most 10 s between SIGTERM and SIGKILL of the version before; default false. */
  readonly force?: boolean | undefined;
}

/**
 * Switch. Runs in the plugin's queue. After an error the version before is installed, and runs if it is enabled; a process
 * that is killed leaves one version or the other, and the next engine starts it.
 * @throws {OutboardError} code `rolled-back` with the reason and the last log lines of the new version; as `store.save`;
 *   the signal's reason, before the version before was stopped
 */
export async function switchVersion(
  context: SwitchContext,
  change: VersionSwitch,
  options: SwitchOptions,
): Promise<void> {
  if (change.before.enabled) return await switchRunning(context, change, options);
  let installed = change.before;
  const paths = context.store.paths(installed.id);
  try {
    await exchangeRootfs(paths, change.after.manifestDigest, change.mode);
    await context.store.save(change.after);
    installed = change.after;
  } finally {
    await settle(context, installed);
  }
}

async function switchRunning(
  context: SwitchContext,
  change: VersionSwitch,
  options: SwitchOptions,
): Promise<void> {
  const { store, supervisor, gates, drivers } = context;
  const { before, after } = change;
  const { id } = after;
  await context.collectors?.stop(id);
  using _drain = await gates.drain(id, { signal: options.signal });
  try {
    await supervisor.stop(id, { ...stopOptions(before, options.force === true), mounts: 'dead' });
    await exchangeRootfs(store.paths(id), after.manifestDigest, change.mode);
    await drivers.changes.switched(after);
    await tryVersion(context, after, options);
    await store.save(after);
  } catch (error) {
    const state = await switchBack(context, before);
    throw rolledBack(change, error, state);
  }
  drivers.changes.upgraded(before, after);
  await settle(context, after);
}

/**
 * Make the version before run again. Never rejects: each step is repeated by the restarts of the supervisor, or by the next
 * engine.
 * @returns its state, as a sentence
 */
async function switchBack(context: SwitchContext, before: PluginRecord): Promise<string> {
  const { supervisor, drivers, gates } = context;
  const { id, timeoutSeconds } = before;
  await bestEffort(context, 'stop the new version of a plugin', () =>
    supervisor.stop(id, { mounts: 'dead' }),
  );
  await settle(context, before);
  await drivers.changes.switched(before);
  try {
    await supervisor.restart(before, { timeoutMs: timeoutSeconds > 0 ? timeoutSeconds * 1000 : undefined });
    await gates.prepared(id);
    return 'the installed version runs again';
  } catch (error) {
    context.logger.error(
      { err: error, id },
      'the installed version of a plugin does not run after a failed switch',
    );
    const reason = error instanceof Error ? error.message : String(error);
    return `the installed version has not started again yet: ${reason}`;
  }
}

/**
 * End the exchange of trees, for the record that is saved. The old tree stays, with the journal, when a power cut may bring
 * the old record back; the next start decides then.
 */
async function settle(context: SwitchContext, installed: PluginRecord): Promise<void> {
  const end = context.store.mayBeUndone ? matchTree : settleUpgrade;
  await bestEffort(context, 'keep or delete the other tree of a plugin', () =>
    end(context.store.paths(installed.id), installed),
  );
}

function rolledBack({ before, done }: VersionSwitch, cause: unknown, state: string): OutboardError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const kind = isOutboardError(cause) ? cause.kind : 'system';
  return new OutboardError(kind, `plugin ${before.name} was not ${done}, and ${state}: ${reason}`, {
    cause,
    code: 'rolled-back',
  });
}
