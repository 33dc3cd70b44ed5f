/**
 * Images on disk: an OCI layout, or what `docker save` writes, as a directory or an archive. The library of artifacts reads and
 * verifies them, as it does for `load` and `create --from-image`.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  cleanEntryName,
  createLayoutReader,
  createTarReader,
  decompress,
  entryName,
  type LayoutContent,
  type LayoutEntry,
  OutboardError,
  openFileContentStore,
  openLayout,
  type RepositoryReader,
  readLayoutArchive,
} from '@outboard/oci';
import { addDirectory } from '../tree/add-directory.ts';
import { archiveTree } from '../tree/archive-tree.ts';
import { RootTree } from '../tree/root-tree.ts';
import type { ImageOptions } from './apply-image.ts';

/** An image that was found on disk. */
export interface ImageFiles {
  readonly reader: RepositoryReader;
  /** Digest of its manifest or index; a tag when the layout has an entry for each of its platforms. */
  readonly wanted: string;
}

/** A repository that no image has: entries are read by their digests, or as the only image of the layout. */
const anyRepository = { domain: 'localhost', path: 'base' };

/**
 * Find the image of a directory.
 * @returns undefined for a root filesystem
 * @throws {OutboardError} invalid for a malformed image, and for several
 */
export async function findDirectoryImage(
  directory: string,
  options: Pick<ImageOptions, 'spool' | 'signal'>,
): Promise<ImageFiles | undefined> {
  const isThere = async (name: string) =>
    (await stat(join(directory, name)).catch(() => undefined)) !== undefined;
  if (await isThere('oci-layout')) {
    const layout = await openLayout(directory);
    return { reader: await layout.reader(anyRepository), wanted: wantedOf(await layout.entries()) };
  }
  if (!(await isThere('manifest.json')) || (await isThere('etc'))) return undefined;
  const tree = new RootTree();
  addDirectory(tree, '', directory, { modifiedAt: 0, owners: 'root', onSkip: () => undefined });
  return await readImage(archiveTree(tree.root), options);
}

/** True for an archive of images, false for that of a root filesystem. @throws {OutboardError} invalid for what is no archive */
export async function isImageArchive(file: string, options: Pick<ImageOptions, 'signal'>): Promise<boolean> {
  const top = await readTopNames(file, options);
  return top.has('oci-layout') || (top.has('manifest.json') && !top.has('etc'));
}

/** Open the image of an archive. @throws {OutboardError} invalid for a malformed image, and for several */
export async function openArchiveImage(
  file: string,
  options: Pick<ImageOptions, 'spool' | 'signal'>,
): Promise<ImageFiles> {
  return await readImage(createReadStream(file), options);
}

async function readTopNames(
  file: string,
  { signal }: Pick<ImageOptions, 'signal'>,
): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  const reader = createTarReader({
    onEntry({ name, type }) {
      const [top = ''] = cleanEntryName(name, type === 'directory')
        .toString('latin1')
        .split('/');
      names.add(top);
    },
    onContent: () => undefined,
    onEntryEnd: () => undefined,
  });
  const { content } = await decompress(createReadStream(file), { signal });
  for await (const chunk of content) reader.write(chunk);
  reader.end();
  return names;
}

/** Read an archive into a store beside the other temporary files of the build, which are deleted with it. */
async function readImage(
  archive: AsyncIterable<Uint8Array>,
  { spool, signal }: Pick<ImageOptions, 'spool' | 'signal'>,
): Promise<ImageFiles> {
  const content = await openFileContentStore({ root: join(spool.directory, 'image') });
  await using lease = content.lease();
  const layout: LayoutContent = {
    entries: await readLayoutArchive(archive, { content, lease }, { signal }),
    blobs: content,
  };
  return { reader: createLayoutReader(layout, anyRepository), wanted: wantedOf(layout.entries) };
}

function wantedOf(entries: readonly LayoutEntry[]): string {
  const images = entries.filter(({ isReferrer }) => !isReferrer);
  const digests = new Set(images.map(({ descriptor }) => descriptor.digest));
  const [digest] = digests;
  if (digest !== undefined && digests.size === 1) return digest;
  const names = [...new Set(images.map(entryName))];
  const isOneImage = images.every(({ descriptor, reference, tag }) => {
    const isNamed = reference !== undefined || tag !== undefined;
    return descriptor.platform !== undefined && !isNamed;
  });
  // The reader makes an index of them.
  if (images.length > 0 && isOneImage) return 'latest';
  const shown = names.length === 0 ? 'none' : names.slice(0, 16).join(', ');
  throw new OutboardError('invalid', `the base holds ${digests.size} images, want one: ${shown}`);
}
