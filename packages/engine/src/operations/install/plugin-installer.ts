/**
 * The installer: brings plugins onto the host, keeps them current and removes them. One of the faces of the engine.
 */

import type { Cancellable } from '@outboard/async';
import type { Login, RegistryCredentials } from '@outboard/oci';
import type { StagedArchive } from '../../archives/staged-archives.ts';
import type { Plugin, Privilege } from '../../config/plugin-config.ts';
import { type CollectedGarbage, collectOnRequest, type GarbageOptions } from '../content/collect-garbage.ts';
import type { ForceOptions } from '../control/disable.ts';
import type { FaceRows } from '../face-rows.ts';
import { type ExportRequest, exportPlugin } from '../publish/export.ts';
import { type PushRequest, pushPlugin } from '../publish/push.ts';
import { type SaveRequest, savePlugins } from '../publish/save.ts';
import type { RemoteOptions } from '../remote-options.ts';
import { type AdoptRequest, adoptPlugins } from './adopt.ts';
import type { Adoption } from './adopt-plugin.ts';
import { type CreateRequest, createPlugin } from './create.ts';
import { type CreateFromImageRequest, createFromImage } from './create-from-image.ts';
import { localName } from './local-name.ts';
import { fetchPrivileges } from './privileges.ts';
import { type PullRequest, pullPlugin } from './pull.ts';
import { removePlugin } from './remove.ts';
import { type RepairedPlugin, type RepairOptions, repairPlugin } from './repair.ts';
import { type ReplaceRequest, replacePlugin } from './replace.ts';
import { type RollbackOptions, rollbackPlugin } from './rollback.ts';
import { stageArchive } from './stage-archive.ts';
import { type UpgradeRequest, upgradePlugin } from './upgrade.ts';
import { type VerifiedPlugin, type VerifyOptions, verifyPlugin } from './verify.ts';

/** Installs, upgrades and removes plugins. Parameters `plugin` are as in `PluginCatalog`. */
export interface PluginInstaller {
  /** The local name under which a remote would be installed. @throws {OutboardError} invalid */
  localName(remote: string, name?: string): string;
  /** Test credentials against a registry. @see RegistryClient.logIn, also for the errors */
  logIn(serverAddress: string, credentials: RegistryCredentials, options?: Cancellable): Promise<Login>;
  /** The privileges that a remote plugin asks for. @throws {OutboardError} on every failure; never an empty list instead */
  privileges(remote: string, options?: RemoteOptions): Promise<readonly Privilege[]>;
  /**
   * Check the signatures of a remote plugin against the policy, or against another one. Nothing is installed.
   * @throws {OutboardError} invalid for a malformed policy; the registry's errors; a refusal is a result
   */
  verify(remote: string, options?: VerifyOptions): Promise<VerifiedPlugin>;
  /**
   * Install a plugin, disabled. Nothing of it is visible until all of it is on disk.
   * @throws {OutboardError} conflict when the name is taken; forbidden when the privileges differ; invalid; the
   *   registry's errors
   */
  pull(request: PullRequest): Promise<Plugin>;
  /** Make a plugin of a config and a root filesystem. @throws {OutboardError} conflict when the name is taken; invalid */
  create(request: CreateRequest): Promise<Plugin>;
  /**
   * Make a plugin of an ordinary image, flattened to one layer.
   * @throws {OutboardError} conflict when the name is taken; invalid; the registry's errors
   */
  createFromImage(request: CreateFromImageRequest): Promise<Plugin>;
  /**
   * Write a plugin as it was installed, in the form that `create` takes.
   * @throws {OutboardError} not-found; the registry's error when a lost blob cannot be fetched again
   */
  export(request: ExportRequest): Promise<void>;
  /**
   * Put another build in the place of a plugin; one that is enabled stays so.
   * @throws {OutboardError} not-found; invalid as `create`; conflict, code `in-use`; code `rolled-back` when it does not serve
   */
  replace(request: ReplaceRequest): Promise<Plugin>;
  /** Upload a plugin to the registry of its local name. @throws {OutboardError} not-found; the registry's errors */
  push(request: PushRequest): Promise<void>;
  /**
   * Replace a plugin by another version; an enabled one only with `isLive`.
   * @throws {OutboardError} conflict when it is enabled, or in use in a way that the switch breaks (code `in-use`); code
   *   `rolled-back` when the new version does not serve; as `pull`
   */
  upgrade(request: UpgradeRequest): Promise<Plugin>;
  /**
   * Return to the version before the last upgrade; a second time goes forward again. An enabled plugin stays enabled.
   * @throws {OutboardError} conflict when none is kept, or as `upgrade`; code `rolled-back` when it does not serve
   */
  rollback(plugin: string, options?: RollbackOptions): Promise<Plugin>;
  /** @param options.force also while it is enabled. @throws {OutboardError} conflict, code `in-use`; conflict when enabled */
  remove(plugin: string, options?: ForceOptions): Promise<void>;
  /**
   * Give a damaged plugin a record again: its own if that can be read after all, else one made from its blobs, with the
   * settings and options of its config. It keeps its ID and its trees, and is enabled if it runs.
   * @throws {OutboardError} not-found; conflict when it is not damaged, or its name is taken; invalid when its name is
   *   unknown; system when its blobs or root filesystem are missing: it must be removed and installed again
   */
  repair(plugin: string, options?: RepairOptions): Promise<RepairedPlugin>;
  /**
   * Take an archive of plugins, of which they are installed by `RemoteOptions.archive`. Nothing is installed by it.
   * @param source a tar of an OCI image layout, plain, gzip or zstd
   * @throws {OutboardError} invalid, with what is wrong in it; conflict for more than 64 archives; system on a full disk
   */
  stageArchive(source: AsyncIterable<Uint8Array>, options?: Cancellable): Promise<StagedArchive>;
  /** Write installed plugins into an archive. @throws {OutboardError} not-found; invalid for none; the errors of `send` */
  save(request: SaveRequest): Promise<void>;
  /** The staged archives, oldest first. */
  archives(): readonly StagedArchive[];
  /** Forget an archive, and delete what no plugin uses of it. @throws {OutboardError} not-found, code `no-archive` */
  dropArchive(id: string): Promise<void>;
  /**
   * Take plugins over from the data root of a Docker Engine on this host: blobs, root filesystem, propagated mount, settings,
   * and whether they are enabled. Docker's copy is only read. A plugin that cannot be taken is a result, and so is one that
   * was taken before.
   * @throws {OutboardError} not-found for a directory or name that is not there; invalid for another directory; conflict,
   *   code `docker-runs`, while an engine uses it
   */
  adopt(request: AdoptRequest): Promise<readonly Adoption[]>;
  /** Delete content that no plugin and no running operation uses. */
  collectGarbage(options?: GarbageOptions): Promise<CollectedGarbage>;
}

const byName = (plugin: string) => plugin;
const idOf = ({ id }: Plugin) => id;

/** The operations of the installer. */
export const installerRows: FaceRows<PluginInstaller> = {
  localName: { direct: (_context, remote, name) => localName(remote, name) },
  logIn: {
    run: ({ registry, signal }, serverAddress, credentials) =>
      registry.logIn(serverAddress, credentials, { signal }),
  },
  privileges: {
    measured: 'privileges',
    run: (call, remote, options) => fetchPrivileges(call, remote, { ...options, signal: call.signal }),
  },
  verify: {
    run: (call, remote, options) => verifyPlugin(call, remote, { ...options, signal: call.signal }),
  },
  pull: {
    measured: 'pull',
    made: idOf,
    run: (call, request) => pullPlugin(call, { ...request, signal: call.signal }),
  },
  create: {
    measured: 'create',
    made: idOf,
    run: (call, request) => createPlugin(call, { ...request, signal: call.signal }),
  },
  createFromImage: {
    measured: 'create',
    made: idOf,
    run: (call, request) => createFromImage(call, { ...request, signal: call.signal }),
  },
  export: { run: (call, request) => exportPlugin(call, { ...request, signal: call.signal }) },
  replace: {
    measured: 'upgrade',
    plugin: ({ plugin }) => plugin,
    run: (call, request) => replacePlugin(call, { ...request, signal: call.signal }),
  },
  push: {
    measured: 'push',
    plugin: ({ plugin }) => plugin,
    run: (call, request) => pushPlugin(call, { ...request, signal: call.signal }),
  },
  upgrade: {
    measured: 'upgrade',
    plugin: ({ plugin }) => plugin,
    run: (call, request) => upgradePlugin(call, { ...request, signal: call.signal }),
  },
  rollback: {
    measured: 'rollback',
    plugin: byName,
    run: (call, plugin, options) => rollbackPlugin(call, plugin, { ...options, signal: call.signal }),
  },
  stageArchive: {
    measured: 'stage-archive',
    run: (call, source, options) => stageArchive(call, source, { ...options, signal: call.signal }),
  },
  save: {
    measured: 'save',
    run: (call, request) => savePlugins(call, { ...request, signal: call.signal }),
  },
  archives: { direct: ({ archives }) => archives.list() },
  dropArchive: { run: ({ archives }, id) => archives.drop(id) },
  remove: { measured: 'remove', plugin: byName, run: removePlugin },
  repair: { measured: 'repair', made: ({ plugin }) => plugin.id, run: repairPlugin },
  adopt: {
    measured: 'adopt',
    run: (call, request) => adoptPlugins(call, { ...request, signal: call.signal }),
  },
  collectGarbage: { measured: 'collect-garbage', run: collectOnRequest },
};
