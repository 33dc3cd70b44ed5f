/**
 * The source of a copy: a registry, a layout directory, or an archive, which is unpacked to a temporary directory first.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  canonicalName,
  createLayoutReader,
  type LayoutEntry,
  openFileContentStore,
  openLayout,
  parseReference,
  type Reference,
  type RepositoryReader,
  readLayoutArchive,
  withDefaultTag,
} from '@outboard/oci';
import { CommandError } from '../command-error.ts';
import type { PluginSource } from '../references/plugin-source.ts';
import { type LocalSource, openArchiveBody } from './archive-body.ts';
import type { CopyContext } from './copy-context.ts';
import { findNamedEntries } from './local-layout.ts';

/** An open source; disposing it removes what it unpacked. */
export interface CopySource extends AsyncDisposable {
  readonly reader: RepositoryReader;
  /** Tag or digest of the artifact. */
  readonly wanted: string;
  /** Its name, if it has one. */
  readonly reference?: Reference | undefined;
  /** Annotations that name it, when it has no whole reference. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/**
 * Open a source.
 * @throws {CommandError} when the layout has not exactly one artifact of that name; the errors of registries and files
 */
export async function openCopySource(source: PluginSource, context: CopyContext): Promise<CopySource> {
  if (source.kind === 'registry') {
    const reference = withDefaultTag(parseReference(source.reference));
    const reader = context.registry.repository(reference, 'pull', await context.accessTo(reference));
    const wanted = reference.digest ?? reference.tag ?? 'latest';
    return { reader, wanted, reference, [Symbol.asyncDispose]: async () => undefined };
  }
  if (source.path !== '-' && (await stat(source.path)).isDirectory()) {
    const layout = await openLayout(source.path);
    const entry = onlyEntry(findNamedEntries(await layout.entries(), source.name, source.path), source.path);
    const reader = await layout.reader(repositoryOf(entry));
    return { reader, ...chosen(entry), [Symbol.asyncDispose]: async () => undefined };
  }
  return await unpackArchive(source, context);
}

async function unpackArchive(source: LocalSource, context: CopyContext): Promise<CopySource> {
  // Large files are meant for /var/tmp, which is a disk where /tmp may be memory.
  const directory = await mkdtemp(join(context.host.env.TMPDIR ?? largeFiles(), 'outboard-copy-'));
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    const content = await openFileContentStore({ root: directory });
    const body = await openArchiveBody(source, context);
    const lease = content.lease();
    const entries = await readLayoutArchive(body, { content, lease }, { signal: context.signal });
    const entry = onlyEntry(findNamedEntries(entries, source.name, source.path), source.path);
    const reader = createLayoutReader({ entries, blobs: content }, repositoryOf(entry));
    return { reader, ...chosen(entry), [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function largeFiles(): string {
  return tmpdir() === '/tmp' ? '/var/tmp' : tmpdir();
}

function onlyEntry(found: readonly LayoutEntry[], path: string): LayoutEntry {
  const artifacts = found.length > 1 ? found.filter(({ isReferrer }) => !isReferrer) : found;
  const [entry, other] = artifacts;
  if (entry !== undefined && other === undefined) return entry;
  throw new CommandError(
    entry === undefined
      ? `${JSON.stringify(path)} holds nothing`
      : `${JSON.stringify(path)} holds several artifacts: choose one by its name, after a colon: ${artifacts
          .map((each) =>
            each.reference
              ? `${canonicalName(each.reference)}:${each.reference.tag}`
              : (each.tag ?? each.descriptor.digest),
          )
          .join(', ')}`,
  );
}

function repositoryOf({ reference }: LayoutEntry): Pick<Reference, 'domain' | 'path'> {
  return reference ?? { domain: 'localhost', path: 'layout' };
}

function chosen({ descriptor, reference }: LayoutEntry) {
  return { wanted: descriptor.digest, reference, annotations: descriptor.annotations };
}
