/**
 * Layout directories on the user's side. Only what runs with them loads this module, and with it the library of artifacts.
 */
import {
  entryName,
  findEntries,
  type LayoutEntry,
  openLayout,
  parseReference,
  readArtifactTree,
  writeLayoutArchive,
} from '@outboard/oci';
import { CommandError } from '../command-error.ts';

/** A repository that no artifact has: entries are read by their digests. */
const anyRepository = { domain: 'localhost', path: 'layout' };

/**
 * Find the entries of a name: a whole reference, a bare tag, or a digest.
 * @param name default: all entries
 * @param place path of the layout, for messages
 * @throws {CommandError} when there is none
 */
export function findNamedEntries(
  entries: readonly LayoutEntry[],
  name: string | undefined,
  place: string,
): readonly LayoutEntry[] {
  if (name === undefined) return entries;
  const named = entries.filter((entry) => entryName(entry) === name || entry.descriptor.digest === name);
  if (named.length > 0) return named;
  if (/[/:]/.test(name)) return findEntries(entries, parseReference(name));
  const byTag = entries.filter(({ reference, tag }) => (reference?.tag ?? tag) === name);
  if (byTag.length > 0) return byTag;
  const names = entries.map(entryName).join(', ');
  throw new CommandError(`nothing in ${JSON.stringify(place)} has the tag ${name}: it holds ${names}`);
}

/**
 * Pack a layout directory. With an entry that is named go its signatures and other referrers, for the policy of the daemon.
 * @returns the bytes of an archive
 */
export async function openLocalLayout(
  directory: string,
  name: string | undefined,
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  const layout = await openLayout(directory);
  const artifacts = [];
  for (const { descriptor, reference } of findNamedEntries(await layout.entries(), name, directory)) {
    const reader = await layout.reader(reference ?? anyRepository);
    const root = await reader.resolve(descriptor.digest, { signal });
    artifacts.push({
      root: { ...root, descriptor: { ...root.descriptor, ...platformOf(descriptor) } },
      tree: await readArtifactTree(reader, root, {
        signal,
        allowsPartial: true,
        // Without a name all entries go along, the signatures among them.
        referrers: name !== undefined,
      }),
      names: [descriptor.annotations ?? {}],
      openBlob: (...words: Parameters<typeof reader.openBlob>) => reader.openBlob(...words),
    });
  }
  return writeLayoutArchive(artifacts, { signal });
}

function platformOf({ platform, artifactType }: LayoutEntry['descriptor']) {
  return { ...(platform && { platform }), ...(artifactType !== undefined && { artifactType }) };
}
