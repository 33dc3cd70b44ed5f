/**
 * Export: write an installed plugin as `plugin create` takes it, for Docker Engine or for changes by hand.
 */
import type { Cancellable } from '@outboard/async';
import { cleanEntryName, createTarReader, createTarWriter, mediaTypes, type TarEntry } from '@outboard/oci';
import { encodeConfigBlobInTurns } from '../../config/plugin-document.ts';
import type { BlobOrigin } from '../../distribution/stored-blobs.ts';
import { readStoredPlugin, type StoredPlugin, unpackStored } from '../content/flatten-plugin.ts';
import type { OperationCall } from '../face-rows.ts';
import type { RemoteOptions } from '../remote-options.ts';

/** Request of an export. */
export interface ExportRequest extends Cancellable, Pick<RemoteOptions, 'access'> {
  /** Name or ID. */
  readonly plugin: string;
  /**
   * Takes the archive, a tar with `config.json` and then `rootfs/`. Called once, when everything that can be missing was
   * found; the export ends when it does.
   */
  readonly deliver: (archive: AsyncIterable<Buffer>) => Promise<void>;
}

type ExportContext = Pick<OperationCall, 'store' | 'content' | 'downloads' | 'registry' | 'workspaces'>;

/**
 * Export a plugin as it was installed: what it has written into its root filesystem since is not in it.
 * @throws {OutboardError} not-found; the registry's error when a lost blob cannot be fetched again; what `deliver` throws
 */
export async function exportPlugin(context: ExportContext, request: ExportRequest): Promise<void> {
  const { content, downloads, registry, store, workspaces } = context;
  const { access, signal } = request;
  const record = store.find(request.plugin);
  await using lease = content.lease();
  const origin: BlobOrigin = { content, downloads, registry, record, access, signal };
  const stored = await readStoredPlugin({ ...origin, record }, lease);
  await using workspace = await workspaces.open();
  await unpackStored(origin, stored, workspace.jail);
  await request.deliver(contextOf(stored, workspace.jail.archive({ signal })));
}

/** The archive of a tree, moved below `rootfs/`, with the config before it. */
async function* contextOf(stored: StoredPlugin, tree: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const out: Buffer[] = [];
  const writer = createTarWriter((piece) => void out.push(piece));
  const config = await configOf(stored);
  writer.onEntry(fileEntry('config.json', config.length));
  writer.onContent(config);
  writer.onEntryEnd();
  yield* out.splice(0);
  const reader = createTarReader({ ...writer, onEntry: (entry) => writer.onEntry(belowRootfs(entry)) });
  for await (const piece of tree) {
    reader.write(piece);
    yield* out.splice(0);
  }
  reader.end();
  writer.end();
  yield* out.splice(0);
}

/** The author's own bytes; for an image, which has none, what its label and its config say together. */
async function configOf({ manifest, configBytes, document }: StoredPlugin): Promise<Buffer> {
  if (manifest.config.mediaType === mediaTypes.dockerPluginConfig) return configBytes;
  return await encodeConfigBlobInTurns(document, []);
}

const rootfs = Buffer.from('rootfs/');

function belowRootfs(entry: TarEntry): TarEntry {
  const name = cleanEntryName(entry.name, entry.type === 'directory');
  const moved = { ...entry, name: Buffer.concat([rootfs, name]) };
  // The target of a hard link is a path in the archive; that of a symlink is one in the plugin.
  if (entry.type !== 'hard-link') return moved;
  return { ...moved, linkName: Buffer.concat([rootfs, cleanEntryName(entry.linkName, false)]) };
}

function fileEntry(name: string, size: number): TarEntry {
  const owner = { uid: 0, gid: 0, mode: 0o644 };
  const device = { deviceMajor: 0, deviceMinor: 0 };
  return {
    type: 'file',
    name: Buffer.from(name),
    linkName: Buffer.alloc(0),
    size,
    modifiedAt: 0,
    ...owner,
    ...device,
    xattrs: new Map(),
  };
}
