/**
 * Adopts one plugin of a Docker Engine: its blobs, its root filesystem as it is now, the data of its propagated mount, its
 * settings and its state. The rename of the staged directory is the commit, as for a pull.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Cancellable } from '@outboard/async';
import { copyTree, hostMounts, readTreeSize, type UnpackJail } from '@outboard/container';
import {
  createLayoutReader,
  isOutboardError,
  maxManifestBytes,
  OutboardError,
  parseManifest,
  parseReference,
  requireFreeSpace,
} from '@outboard/oci';
import type { DockerDirectory } from '../../adoption/docker-directory.ts';
import type { DockerPlugin } from '../../adoption/docker-plugin.ts';
import { entryKind } from '../../adoption/plain-files.ts';
import { type LostBlobs, takeBlobs } from '../../adoption/take-blobs.ts';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { originOf } from '../../distribution/stored-blobs.ts';
import { pluginPaths } from '../../store/plugin-layout.ts';
import { collectGarbageOnFailure } from '../content/collect-garbage.ts';
import type { OperationCall } from '../face-rows.ts';
import { rememberConsent } from './consent.ts';
import { explainFullDisk } from './explain-full-disk.ts';

/** Result for one plugin. */
export interface Adoption {
  /** Docker's, which the plugin keeps. */
  readonly id: string;
  /** Local name; absent when its record does not tell it. */
  readonly name?: string | undefined;
  /** `adoptable` in a dry run; `present` when it was adopted before. */
  readonly outcome: 'adopted' | 'adoptable' | 'present' | 'refused';
  /** Why it was refused. */
  readonly reason?: string | undefined;
  /** True if it is enabled in Docker, and therefore here. */
  readonly isEnabled: boolean;
  /** Facts that differ from Docker's copy, one sentence each. */
  readonly warnings: readonly string[];
}

/** Parts that an adoption takes. */
export type AdoptContext = Pick<
  OperationCall,
  | ('dataRoot' | 'store' | 'content' | 'workspaces' | 'openJail' | 'queue' | 'policy' | 'consents')
  | ('supervisor' | 'drivers' | 'announce' | 'logger' | 'meter')
>;

/** The engine whose plugins are adopted. */
export interface DockerHost {
  readonly docker: Pick<DockerDirectory, 'pluginsDirectory' | 'isInUse'>;
  /** Finds a process in a cgroup that is named for a plugin's ID. */
  readonly findProcess: (id: string) => number | undefined;
}

/** Tell whether a plugin can be adopted, without a change. */
export async function judgeAdoption(
  context: Pick<AdoptContext, 'store'>,
  plugin: DockerPlugin,
  host: DockerHost,
): Promise<Adoption> {
  const { record } = plugin;
  const { id, name, enabled: isEnabled } = record;
  const facts = { id, name, isEnabled, warnings: plugin.warnings };
  if (context.store.get(record.id) !== undefined) return { ...facts, outcome: 'present' };
  try {
    await requireUnused(plugin, host);
    requireSound(context, record);
    using _name = context.store.reserveName(record.name);
    return { ...facts, outcome: 'adoptable' };
  } catch (error) {
    if (!isOutboardError(error)) throw error;
    return { ...facts, outcome: 'refused', reason: error.message };
  }
}

/** Adopt a plugin. A failure is a refusal, so that the others are adopted; nothing of it is left then. */
export async function adoptPlugin(
  context: AdoptContext,
  plugin: DockerPlugin,
  host: DockerHost & Cancellable,
): Promise<Adoption> {
  const { id, name } = plugin.record;
  return await context.queue.run(id, async () => {
    const judged = await judgeAdoption(context, plugin, host);
    if (judged.outcome !== 'adoptable') return judged;
    try {
      const installation = { plugin: name, layerBytes: () => undefined };
      const warnings = await explainFullDisk(context, installation, () =>
        collectGarbageOnFailure(context, () => install(context, plugin, host)),
      );
      return { ...judged, outcome: 'adopted', warnings };
    } catch (error) {
      host.signal?.throwIfAborted();
      context.logger.warn({ err: error, id, plugin: name }, 'cannot adopt a plugin of Docker');
      return {
        ...judged,
        outcome: 'refused',
        reason: error instanceof Error ? error.message : String(error),
      };
    }
  });
}

/** The files of a plugin must not change while they are copied, and it must not run twice. */
async function requireUnused({ paths, record }: DockerPlugin, host: DockerHost): Promise<void> {
  const { docker, findProcess } = host;
  if (docker.isInUse && record.enabled) {
    throw new OutboardError(
      'conflict',
      `it is enabled in the Docker Engine that runs: docker plugin disable ${record.name}, or stop the engine`,
    );
  }
  const pid = findProcess(record.id);
  if (pid !== undefined) {
    throw new OutboardError(
      'conflict',
      `it still runs as a plugin of Docker, as process ${pid}: stop it first`,
    );
  }
  const [mount] = await hostMounts.below(paths.directory);
  if (mount !== undefined) {
    const place = JSON.stringify(Buffer.from(mount.mountPoint, 'latin1').toString('utf8'));
    throw new OutboardError('conflict', `a mount of it is left at ${place}: unmount it first`);
  }
}

function requireSound({ store }: Pick<AdoptContext, 'store'>, { id }: PluginRecord): void {
  if (store.damaged().every((plugin) => plugin.id !== id)) return;
  throw new OutboardError(
    'conflict',
    `it was adopted before and is damaged here: outboard repair ${id.slice(0, 12)}`,
  );
}

/** @returns warnings */
async function install(
  context: AdoptContext,
  plugin: DockerPlugin,
  { docker, signal }: DockerHost & Cancellable,
): Promise<readonly string[]> {
  const { store, content } = context;
  using _name = store.reserveName(plugin.record.name);
  await using lease = content.lease();
  const lost = await takeBlobs(docker.pluginsDirectory, plugin.record, { content, lease, signal });
  const record = await completeRecord(context, plugin.record, signal);
  await using workspace = await context.workspaces.open();
  const jail = context.meter.measure(workspace.jail);
  const warnings = await copyRootfs(context, plugin, { jail, signal });
  const staged = pluginPaths(dirname(workspace.rootfs));
  await copyPropagatedMount(plugin, staged.directory, signal);
  // Differences from its layers are its own work: a check takes a plugin with logs for one that has run.
  await mkdir(staged.logs, { mode: 0o700 });
  // Flushes the file system, and thereby both trees.
  await jail.finish();
  signal?.throwIfAborted();
  await store.add(record, workspace.commit());
  await rememberConsent(context, record);
  announce(context, record);
  return [...plugin.warnings, ...warnings, ...describeLost(lost)];
}

/** Complete the record with what Docker's lacks: the type of the manifest, and the proof of the signature policy. */
async function completeRecord(
  { content, policy }: Pick<AdoptContext, 'content' | 'policy'>,
  record: PluginRecord,
  signal: AbortSignal | undefined,
): Promise<PluginRecord> {
  const reference = parseReference(originOf(record));
  const reader = createLayoutReader({ entries: [], blobs: content }, reference);
  const stored = await content.stat(record.manifestDigest);
  const resolved = stored.exists ? await reader.resolve(record.manifestDigest, { signal }) : undefined;
  const mediaType = resolved?.descriptor.mediaType ?? record.manifestMediaType;
  const size = stored.exists ? stored.size : 0;
  const manifest = { mediaType, digest: record.manifestDigest, size };
  const verification = await policy.check({ reference, reader, manifest, transport: 'docker', signal });
  return { ...record, manifestMediaType: mediaType, ...(verification && { verification }) };
}

/**
 * Copy the root filesystem as it is: with the files that the plugin wrote. Without one it is unpacked from the layers.
 * @returns warnings
 */
async function copyRootfs(
  { openJail, content }: Pick<AdoptContext, 'openJail' | 'content'>,
  { paths, record }: DockerPlugin,
  { jail, signal }: Cancellable & { readonly jail: UnpackJail },
): Promise<readonly string[]> {
  const kind = await entryKind(paths.rootfs);
  if (kind === 'directory') {
    await using source = openJail(paths.rootfs, { signal });
    const { warnings } = await jail.apply(source.archive({ signal }), { diffId: false, signal });
    return warnings;
  }
  if (kind !== 'absent') {
    throw new OutboardError(
      'invalid',
      `its root filesystem ${JSON.stringify(paths.rootfs)} is not a directory`,
    );
  }
  const bytes = await content.read(record.manifestDigest, { maxBytes: maxManifestBytes });
  for (const { digest } of parseManifest(bytes, record.manifestMediaType).layers) {
    const layer = await content.open(digest, { signal });
    try {
      await jail.apply(layer, { diffId: false, signal });
    } finally {
      layer.destroy();
    }
  }
  return ['Docker has no root filesystem of it: it was unpacked again, without the files that it wrote'];
}

async function copyPropagatedMount(
  { paths, record }: DockerPlugin,
  staged: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (record.config.propagatedMount === '') return;
  const from = paths.propagatedMount;
  const kind = await entryKind(from);
  if (kind === 'absent') return;
  if (kind !== 'directory') {
    throw new OutboardError('invalid', `its propagated mount ${JSON.stringify(from)} is not a directory`);
  }
  await requireFreeSpace(staged, await readTreeSize(from, { signal }), undefined);
  await copyTree(from, pluginPaths(staged).propagatedMount, { signal });
}

function announce({ announce, supervisor, drivers }: AdoptContext, record: PluginRecord): void {
  const { id, name } = record;
  announce({ type: 'plugin', action: 'create', id, attributes: { name } });
  if (!record.enabled) return;
  supervisor.manage(record);
  drivers.changes.enabled(record);
  announce({ type: 'plugin', action: 'enable', id, attributes: { name } });
}

function describeLost({ missing, damaged }: LostBlobs): readonly string[] {
  const again = 'only a push or save needs it, and fetches it from the registry of the plugin';
  return [
    ...[...damaged].map(
      ([digest, reason]) => `blob ${digest} is damaged in Docker's store; ${again}: ${reason}`,
    ),
    ...(missing.length === 0 ? [] : [`Docker did not keep ${countBlobs(missing.length)} of it; ${again}`]),
  ];
}

function countBlobs(count: number): string {
  return `${count} ${count === 1 ? 'blob' : 'blobs'}`;
}
