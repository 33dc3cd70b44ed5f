/**
 * Serving over the plugin store and the gates.
 */

import { isDeepStrictEqual } from 'node:util';
import { createListeners } from '@outboard/async';
import type { Logger } from 'pino';
import { writtenInterfaceType } from '../config/interface-type.ts';
import { optionsOf } from '../config/options-in-force.ts';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { EnginePluginDrivers } from '../drivers/create-plugin-drivers.ts';
import type { PluginStore, RecordChange } from '../store/plugin-store.ts';
import type { PluginGates } from './gate/plugin-gates.ts';
import type { PluginServing, ServedPlugin, ServingChange } from './plugin-serving.ts';

/** Parts of serving. */
export interface PluginServingDeps {
  readonly store: Pick<PluginStore, 'all' | 'get' | 'onChange'>;
  readonly drivers: Pick<EnginePluginDrivers, 'of' | 'ungated'>;
  readonly gates: Pick<PluginGates, 'untilOpen' | 'onBeforeServing'>;
  readonly logger: Logger;
}

/** Follow the store from now on. */
export function createPluginServing({ store, drivers, gates, logger }: PluginServingDeps): PluginServing {
  const listeners = createListeners<[ServingChange]>((error, { kind, plugin }) =>
    logger.error({ err: error, plugin: plugin.name, kind }, 'a listener of served plugins failed'),
  );
  const served = (record: PluginRecord): ServedPlugin => ({
    id: record.id,
    name: record.name,
    interfaceTypes: (record.config.interface.types ?? []).map(writtenInterfaceType),
    protocolScheme: record.config.interface.protocolScheme,
    options: optionsOf(record),
    driver: drivers.of(record),
  });
  store.onChange((change) => {
    const kind = kindOf(change);
    const record = change.after?.enabled === true ? change.after : change.before;
    if (kind !== undefined && record !== undefined) listeners.notify({ kind, plugin: served(record) });
  });

  return {
    all: () =>
      store
        .all()
        .filter(({ enabled }) => enabled)
        .map(served),
    get(id) {
      const record = store.get(id);
      return record?.enabled === true ? served(record) : undefined;
    },
    onChange: (listener) => listeners.add(listener),
    ready: (id, options) => gates.untilOpen(id, options),
    onBeforeServing: (work) =>
      gates.onBeforeServing(async (id, signal) => {
        const driver = drivers.ungated(id);
        if (driver !== undefined) await work(driver, signal);
      }),
  };
}

/** @returns undefined when nothing changed for the users of the plugin */
function kindOf({ before, after }: RecordChange): ServingChange['kind'] | undefined {
  if (after?.enabled !== true) {
    if (before?.enabled !== true) return undefined;
    return after === undefined ? 'removed' : 'disabled';
  }
  if (before?.enabled !== true) return 'enabled';
  if (before.manifestDigest !== after.manifestDigest) return 'upgraded';
  return isDeepStrictEqual(optionsOf(before), optionsOf(after)) ? undefined : 'changed';
}
