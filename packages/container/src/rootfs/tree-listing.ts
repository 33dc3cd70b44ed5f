/**
 * Reads an archive of a tree with digests in place of contents, as `UnpackJail.archive` writes it.
 */
import { createTarReader, OutboardError, type TarEntry, type TarHandler } from '@outboard/oci';

/** One entry of a tree. */
export interface TreeEntry {
  /** The entry; for a hard link that of the file. */
  readonly header: TarEntry;
  /** Path below the root, one character for each byte; empty for the root itself. */
  readonly name: string;
  /** Orders entries as archives do: a directory, what is in it, its next sibling. */
  readonly key: string;
  /** Bytes of the file's content; 0 for other types. */
  readonly size: number;
  /** Digest of the file's content; empty for other types. */
  readonly digest: string;
  /** Error code when the disk does not give the content back. */
  readonly failure: string | undefined;
}

/** Upper bound of the text in place of a content. */
const maxTextBytes = 256;

/**
 * Read a listing, entry by entry.
 * @throws {OutboardError} invalid for a malformed one
 */
export async function* readListing(archive: AsyncIterable<Buffer>): AsyncGenerator<TreeEntry, undefined> {
  const entries: TreeEntry[] = [];
  const reader = createTarReader(createHandler(entries));
  for await (const chunk of archive) {
    reader.write(chunk);
    yield* entries.splice(0);
  }
  reader.end();
  yield* entries.splice(0);
  return undefined;
}

function createHandler(entries: TreeEntry[]): TarHandler {
  /** Files that later entries may be hard links to. */
  const linked = new Map<string, TreeEntry>();
  let header: TarEntry | undefined;
  let text = '';
  return {
    onEntry(entry) {
      header = entry;
      text = '';
    },
    onContent(chunk) {
      text += chunk.toString('latin1');
      if (text.length > maxTextBytes)
        throw new OutboardError('invalid', 'the listing of a tree is malformed');
    },
    onEntryEnd() {
      if (header === undefined) return;
      const name = cleanName(header.name);
      const place = { name, key: name.replaceAll('/', '\0') };
      const first = header.type === 'hard-link' ? linked.get(cleanName(header.linkName)) : undefined;
      const entry = first === undefined ? { header, ...place, ...readContent(text) } : { ...first, ...place };
      const hasOtherNames = header.type === 'symlink' || text.endsWith(' linked');
      if (first === undefined && hasOtherNames) linked.set(name, entry);
      entries.push(entry);
    },
  };
}

/** `./` for the root, `usr/` for a directory. */
function cleanName(name: Buffer): string {
  return name.toString('latin1').replace(/^\.?\/+|\/+$/g, '');
}

function readContent(text: string): Pick<TreeEntry, 'size' | 'digest' | 'failure'> {
  const [first = '', second = ''] = text.split(' ');
  if (first === 'error') return { size: 0, digest: '', failure: second };
  return { size: Number(first), digest: second, failure: undefined };
}
