/**
 * The operations on plugins as the engine offers them: each ends with the engine and is measured.
 */
import type { RunOperation } from '../observe/run-operation.ts';
import type { PluginEngine } from '../plugin-engine-contract.ts';
import { collectGarbage } from './collect-garbage.ts';
import { createPlugin } from './create.ts';
import { disablePlugin } from './disable.ts';
import { enablePlugin } from './enable.ts';
import type { EngineContext } from './engine-context.ts';
import { fetchPrivileges } from './privileges.ts';
import { pullPlugin } from './pull.ts';
import { pushPlugin } from './push.ts';
import { removePlugin } from './remove.ts';
import { repairPlugin } from './repair.ts';
import { restartPlugin } from './restart.ts';
import { setPlugin } from './set.ts';
import { updatePlugin } from './update.ts';
import { upgradePlugin } from './upgrade.ts';

export type PluginOperations = Pick<
  PluginEngine,
  | ('privileges' | 'pull' | 'create' | 'push' | 'upgrade')
  | ('enable' | 'disable' | 'restart' | 'set' | 'update' | 'remove' | 'repair' | 'collectGarbage')
>;

/** @param run runs each of them */
export function createPluginOperations(context: EngineContext, run: RunOperation): PluginOperations {
  return {
    privileges: (remote, options = {}) =>
      run({ operation: 'privileges', signal: options.signal }, (signal) =>
        fetchPrivileges(context, remote, { ...options, signal }),
      ),
    pull: (request) =>
      run({ operation: 'pull', made: ({ id }) => id, signal: request.signal }, (signal, meter) =>
        pullPlugin({ ...context, meter }, { ...request, signal }),
      ),
    create: (request) =>
      run({ operation: 'create', made: ({ id }) => id, signal: request.signal }, (signal, meter) =>
        createPlugin({ ...context, meter }, { ...request, signal }),
      ),
    push: (request) =>
      run({ operation: 'push', plugin: request.plugin, signal: request.signal }, (signal, meter) =>
        pushPlugin({ ...context, meter }, { ...request, signal }),
      ),
    upgrade: (request) =>
      run({ operation: 'upgrade', plugin: request.plugin, signal: request.signal }, (signal, meter) =>
        upgradePlugin({ ...context, meter }, { ...request, signal }),
      ),
    enable: (plugin, options = {}) =>
      run({ operation: 'enable', plugin, signal: options.signal }, (signal) =>
        enablePlugin(context, plugin, { ...options, signal }),
      ),
    disable: (plugin, options) =>
      run({ operation: 'disable', plugin }, () => disablePlugin(context, plugin, options)),
    restart: (plugin, options = {}) =>
      run({ operation: 'restart', plugin, signal: options.signal }, (signal) =>
        restartPlugin(context, plugin, { ...options, signal }),
      ),
    set: (plugin, args) => run({ operation: 'set', plugin }, () => setPlugin(context, plugin, args)),
    update: (plugin, patch) =>
      run({ operation: 'update', plugin }, () => updatePlugin(context, plugin, patch)),
    remove: (plugin, options = {}) =>
      run({ operation: 'remove', plugin }, () => removePlugin(context, plugin, options)),
    repair: (plugin, options = {}) =>
      run({ operation: 'repair', made: ({ plugin: { id } }) => id }, () =>
        repairPlugin(context, plugin, options),
      ),
    collectGarbage: () => run({ operation: 'collect-garbage' }, () => collectGarbage(context)),
  };
}
