/**
 * Repair: replace the record of a damaged plugin.
 */
import { lstat } from 'node:fs/promises';
import { canonicalString, isOutboardError, OutboardError, parseReference } from '@outboard/oci';
import { maxImageConfigBytes } from '../../config/image-config.ts';
import { readConfigBlob } from '../../config/image-plugin.ts';
import type { Plugin, PluginRecord } from '../../config/plugin-config.ts';
import { computePrivileges } from '../../config/privileges.ts';
import { initialSettings } from '../../config/settings.ts';
import { validatePluginConfig } from '../../config/validate-plugin-config.ts';
import type { StoredManifest } from '../../store/content-of-damaged.ts';
import { type DamagedPlugin, shownName } from '../../store/damaged-plugin.ts';
import { hasProcess } from '../../supervise/supervisor.ts';
import type { EngineContext } from '../engine-context.ts';
import { localName } from './local-name.ts';

/** Options of a repair. */
export interface RepairOptions {
  /** Local name, when the record does not tell it any more, or another plugin has taken it. */
  readonly name?: string | undefined;
}

/** A plugin that has a record again. */
export interface RepairedPlugin {
  readonly plugin: Plugin;
  /** Facts that are lost, one sentence each. */
  readonly warnings: readonly string[];
}

type RepairContext = Pick<
  EngineContext,
  'store' | 'content' | 'queue' | 'supervisor' | 'references' | 'logger'
>;

/** @see PluginInstaller.repair */
export async function repairPlugin(
  context: RepairContext,
  typed: string,
  options: RepairOptions = {},
): Promise<RepairedPlugin> {
  const { store } = context;
  const damaged = store.findDamaged(typed) ?? refuseSound(store.find(typed));
  return context.queue.run(damaged.id, async () => {
    const plugin = store.findDamaged(damaged.id) ?? refuseSound(store.find(damaged.id));
    return giveRecord(context, plugin, options.name);
  });
}

function refuseSound({ name }: PluginRecord): never {
  throw new OutboardError('conflict', `plugin ${name} is not damaged: there is nothing to repair`);
}

async function giveRecord(
  context: RepairContext,
  plugin: DamagedPlugin,
  newName: string | undefined,
): Promise<RepairedPlugin> {
  const { store, supervisor } = context;
  const { id } = plugin;
  await requireRootfs(store.paths(id).rootfs, plugin);
  const own = await readOwnRecord(context, plugin);
  const name = newName === undefined ? (own?.name ?? plugin.name) : localName(newName);
  if (name === undefined) {
    throw new OutboardError(
      'invalid',
      `cannot repair plugin ${shownName(plugin)}: its record does not tell its name any more; give it one: outboard repair --name NAME ${shownName(plugin)}`,
    );
  }
  using _name = store.reserveName(name, id);
  const isRunning = hasProcess(supervisor.state(id));
  const made = own === undefined ? await makeRecord(context, plugin, name) : { record: own, warnings: [] };
  // A record that was made anew cannot tell if the plugin was enabled: it is if it runs.
  const record = { ...made.record, id, name, enabled: own?.enabled ?? isRunning };
  await store.repair(record);
  await context.references.load(id);
  if (record.enabled) {
    supervisor.manage(record);
  } else {
    // Leftovers on the host, which are removed at the start of an engine with a valid record.
    await supervisor.stop(id).catch((error: unknown) => {
      context.logger.error({ err: error, id }, 'cannot remove what is left of a disabled plugin');
    });
  }
  return { plugin: record, warnings: made.warnings };
}

async function requireRootfs(path: string, plugin: DamagedPlugin): Promise<void> {
  try {
    await lstat(path);
  } catch (cause) {
    throw cannotRepair(plugin, `its root filesystem cannot be found at ${JSON.stringify(path)}`, cause);
  }
}

/** The plugin's own record, if it is sound: the disk has recovered, or only its name or ID was that of another plugin. */
async function readOwnRecord(
  { store }: RepairContext,
  plugin: DamagedPlugin,
): Promise<PluginRecord | undefined> {
  try {
    return await store.readDamaged(plugin.id);
  } catch (error) {
    // The new record replaces a file that cannot be read.
    if (isOutboardError(error)) return undefined;
    throw error;
  }
}

/** A record made from manifest and config, as after an installation. */
async function makeRecord(
  { store, content }: RepairContext,
  plugin: DamagedPlugin,
  name: string,
): Promise<{ readonly record: PluginRecord; readonly warnings: readonly string[] }> {
  const { manifests = [] } = store.contentOfDamaged(plugin.id) ?? {};
  const [manifest, ...others] = manifests;
  if (manifest === undefined) throw cannotRepair(plugin, 'its manifest is not in the store');
  if (others.length > 0) {
    const digests = manifests.map(({ digest }) => digest).join(', ');
    throw cannotRepair(plugin, `its record does not tell which of these manifests is its own: ${digests}`);
  }
  const config = await readConfig(content, plugin, manifest);
  const record: PluginRecord = {
    id: plugin.id,
    name,
    enabled: false,
    pluginReference: canonicalString(parseReference(name)),
    config,
    settings: initialSettings(config),
    configDigest: manifest.config,
    manifestDigest: manifest.digest,
    manifestMediaType: manifest.mediaType,
    blobDigests: manifest.layers,
    privileges: computePrivileges(config),
    timeoutSeconds: 0,
    overrides: {},
  };
  return {
    record,
    warnings: [
      'its settings and options are those of its config: what was changed by "set" and "options" is lost',
    ],
  };
}

async function readConfig(
  content: RepairContext['content'],
  plugin: DamagedPlugin,
  manifest: StoredManifest,
) {
  try {
    const bytes = await content.read(manifest.config, { maxBytes: maxImageConfigBytes });
    const { config } = readConfigBlob(bytes, manifest.configMediaType);
    validatePluginConfig(config);
    return config;
  } catch (cause) {
    throw cannotRepair(plugin, `its config ${manifest.config} cannot be read from the store`, cause);
  }
}

function cannotRepair(plugin: DamagedPlugin, reason: string, cause?: unknown): OutboardError {
  const name = shownName(plugin);
  return new OutboardError(
    'system',
    `cannot repair plugin ${name}: ${reason}; remove it and install it anew: outboard rm -f ${name}`,
    { cause },
  );
}
