/**
 * Disable: record that a plugin should not run, then stop it.
 */
import { OutboardError } from '@outboard/oci';
import { refuseInUseNow } from '../../references/refuse-in-use.ts';
import { bestEffort } from '../best-effort.ts';
import type { EngineContext } from '../engine-context.ts';
import { shortenStops, stopOptions } from '../forced-stop.ts';
import { type StopContext, stopDisabled } from './stop-disabled.ts';

/** Option of operations that stop a plugin. */
export interface ForceOptions {
  /** Also while the plugin is in use, and with at most 10 s between SIGTERM and SIGKILL; default false. */
  readonly force?: boolean | undefined;
}

type DisableContext = StopContext & Pick<EngineContext, 'announce' | 'references' | 'drivers' | 'collectors'>;

/**
 * Stop a plugin: SIGTERM, after 10 s SIGKILL. The record is saved first: after a crash in between, the next engine
 * stops the plugin instead of starting it.
 * @param options.force references to the plugin stay
 * @throws {OutboardError} not-found; conflict when it is in use (code `in-use`) or not enabled
 */
export async function disablePlugin(
  context: DisableContext,
  plugin: string,
  options: ForceOptions = {},
): Promise<void> {
  const { force = false } = options;
  const { id } = context.store.find(plugin);
  using _shortened = shortenStops(context.supervisor, id, force);
  await context.queue.run(id, async () => {
    const record = context.store.find(id);
    if (!force) await refuseInUseNow(record, context.references);
    // A plugin that could not be stopped is disabled already; the stop can be asked for again.
    if (!record.enabled && context.supervisor.state(id).status === 'disabled') {
      throw new OutboardError(
        'conflict',
        `plugin is already disabled: plugin ${record.name} found but disabled`,
      );
    }
    await context.store.save({ ...record, enabled: false });
    // The commit, as in Docker: a stop that fails now is repeated in the background.
    await context.collectors?.stop(id);
    await stopDisabled(context, id, stopOptions(record, force));
    await bestEffort(context, 'close the connections to a disabled plugin', () =>
      context.drivers.changes.disabled(record),
    );
    context.announce({ type: 'plugin', action: 'disable', id, attributes: { name: record.name } });
  });
}
