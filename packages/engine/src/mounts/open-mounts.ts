/**
 * Opens the ledger of mounts of an engine, and keeps the mounts that it names.
 */
import { join } from 'node:path';
import { findMountUsers, readBootId } from '@outboard/container';
import { isOutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import { gatewayDefaults } from '../config/gateway-options.ts';
import { optionsOf } from '../config/options-in-force.ts';
import type { PluginRecord } from '../config/plugin-config.ts';
import { treeOf } from '../drivers/managed-drivers.ts';
import type { PluginStore } from '../store/plugin-store.ts';
import { hasProcess, type Supervisor } from '../supervise/supervisor.ts';
import { openMountLedger } from './journaled-ledger.ts';
import { keepMounts, type MountKeeper, type MountKeeperDeps } from './keep-mounts.ts';
import { createMountJournal } from './mount-journal.ts';
import type { MountLedger } from './mount-ledger.ts';
import type { FindUsers } from './mount-uses.ts';
import { createMountCheck, type RunningPlugin } from './namespace-mount-check.ts';

/** Parts of the mounts of an engine. */
export interface OpenMountsDeps {
  readonly store: Pick<PluginStore, 'find' | 'get' | 'paths' | 'onChange'>;
  readonly supervisor: Pick<Supervisor, 'state'>;
  readonly execRoot: string;
  readonly logger: Logger;
}

/** Load the ledger. No driver is called. */
export async function openLedger(deps: OpenMountsDeps): Promise<MountLedger> {
  const { store, execRoot, logger } = deps;
  const bootId = readBootId();
  const ledger = await openMountLedger({
    journal: createMountJournal({ directory: join(execRoot, 'mounts'), bootId, logger }),
    check: createMountCheck({
      running: (id) => runningPlugin(deps, id),
      gravesOf: (id) => store.paths(id).deadMounts,
      guardsOf: (id) => store.paths(id),
      logger,
    }),
    bootId,
    mountCallsOf: (driver) => gatewayOf(store, driver)?.mountCalls ?? gatewayDefaults.mountCalls,
    logger,
  });
  store.onChange(({ before, after }) => {
    if (before === undefined || after !== undefined) return;
    ledger.forgetDriver(before.name).catch((error: unknown) => {
      logger.error({ err: error, plugin: before.name }, 'cannot forget who held volumes of a removed plugin');
    });
  });
  return ledger;
}

/** Looks for the users of held volumes, of which the plugin itself is none. */
export function createFindUsers(
  { store, supervisor }: Pick<OpenMountsDeps, 'store' | 'supervisor'>,
  dataRoot: string,
): FindUsers {
  return ({ driver, hostPath, device }) =>
    findMountUsers(hostPath, {
      device,
      maker: pidOfDriver({ store, supervisor }, driver),
      ownDirectory: Buffer.from(dataRoot).toString('latin1'),
    });
}

/** @returns 0 for a driver that has no process here */
function pidOfDriver(
  { store, supervisor }: Pick<OpenMountsDeps, 'store' | 'supervisor'>,
  driver: string,
): number {
  const record = findPlugin(store, driver);
  const state = record && supervisor.state(record.id);
  return state !== undefined && hasProcess(state) ? state.pid : 0;
}

/** Keep the mounts of the plugins of an engine. */
export function openMountKeeper(
  { store, logger }: { readonly store: Pick<PluginStore, 'find' | 'paths'>; readonly logger: Logger },
  deps: Pick<MountKeeperDeps, 'ledger' | 'optionsOf'>,
): MountKeeper {
  return keepMounts({
    ...deps,
    gravesOf: (id) => store.paths(id).deadMounts,
    guardsOf: (id) => store.paths(id),
    mayRemount: (id) => gatewayOf(store, id)?.remount ?? gatewayDefaults.remount,
    logger,
  });
}

function runningPlugin({ store, supervisor }: OpenMountsDeps, id: string): RunningPlugin | undefined {
  const record = store.get(id);
  const state = supervisor.state(id);
  if (record === undefined || !hasProcess(state)) return undefined;
  return { pid: state.pid, tree: treeOf(record, store.paths(id)) };
}

/** @param plugin its ID, or the full name of a driver, which may be a legacy one */
function gatewayOf(store: Pick<PluginStore, 'find'>, plugin: string) {
  const record = findPlugin(store, plugin);
  return record && optionsOf(record).gateway;
}

function findPlugin(store: Pick<PluginStore, 'find'>, plugin: string): PluginRecord | undefined {
  try {
    return store.find(plugin);
  } catch (error) {
    if (isOutboardError(error)) return undefined;
    throw error;
  }
}
