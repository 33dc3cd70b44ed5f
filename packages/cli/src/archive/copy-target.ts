/**
 * The destination of a copy: a registry, a layout directory, or an archive that is written while the source is read.
 */
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import {
  canonicalString,
  copyArtifact,
  type Descriptor,
  layoutAnnotations,
  openLayout,
  type PushedBlob,
  parseReference,
  type Reference,
  type ResolvedManifest,
  readArtifactTree,
  withDefaultTag,
  writeLayoutArchive,
} from '@outboard/oci';
import { CommandError } from '../command-error.ts';
import type { PluginSource } from '../references/plugin-source.ts';
import type { CopyContext } from './copy-context.ts';
import type { CopySource } from './copy-source.ts';
import { isStandardOutput, refuseTerminal, writeArchive } from './write-archive.ts';

/** One copy: what, and how. */
export interface CopyRequest {
  readonly source: CopySource;
  readonly root: ResolvedManifest;
  readonly referrers: boolean;
  readonly onBlob: (blob: Descriptor, how: PushedBlob) => void;
}

/** Copy to a destination. @throws {CommandError} for one that cannot be written to; the errors of both sides */
export async function copyTo(
  target: PluginSource,
  request: CopyRequest,
  context: CopyContext,
): Promise<void> {
  if (target.kind === 'registry') return await copyToRegistry(target.reference, request, context);
  const isDirectory = target.kind === 'directory' || (await isPresentDirectory(target.path));
  const names = namesFor(target.name, request.source);
  if (isDirectory) await copyToLayout(target.path, names, request, context);
  else await copyToArchive(target.path, names, request, context);
}

async function isPresentDirectory(path: string): Promise<boolean> {
  if (isStandardOutput(path)) return false;
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}

async function copyToRegistry(text: string, request: CopyRequest, context: CopyContext): Promise<void> {
  const reference = withDefaultTag(parseReference(text));
  if (reference.digest !== undefined) {
    throw new CommandError(
      `cannot copy to ${text}: a destination has a tag, and gets the digest of its source`,
    );
  }
  const from = request.source.reference;
  const access = await context.accessTo(reference);
  const mountFrom = from !== undefined && from.domain === reference.domain ? from.path : undefined;
  const to = context.registry.repository(reference, 'pull,push', { ...access, mountFrom });
  const { digest } = request.root.descriptor;
  await copyArtifact(request.source.reader, to, digest, {
    tag: reference.tag,
    ...copyOptions(request, context),
  });
}

async function copyToLayout(
  directory: string,
  names: Readonly<Record<string, string>>,
  request: CopyRequest,
  context: CopyContext,
): Promise<void> {
  const layout = await openLayout(directory, { create: true });
  const { descriptor } = request.root;
  await copyArtifact(
    request.source.reader,
    layout.writer(),
    descriptor.digest,
    copyOptions(request, context),
  );
  await layout.list(descriptor, names, { signal: context.signal });
}

async function copyToArchive(
  path: string,
  names: Readonly<Record<string, string>>,
  { source, root, referrers, onBlob }: CopyRequest,
  { host, signal }: CopyContext,
): Promise<void> {
  refuseTerminal({ output: path, host });
  const tree = await readArtifactTree(source.reader, root, { signal, referrers });
  const artifact = {
    root,
    tree,
    names: [names],
    openBlob: (...words: Parameters<typeof source.reader.openBlob>) => source.reader.openBlob(...words),
  };
  const archive = writeLayoutArchive([artifact], { signal, onBlob: (blob) => onBlob(blob, 'uploaded') });
  await writeArchive(Readable.from(archive, { objectMode: false }), { output: path, host, signal });
}

function copyOptions({ referrers, onBlob }: CopyRequest, { signal }: CopyContext) {
  return { referrers, onBlob, signal };
}

/** The annotations of an entry: the name that was typed, else that of the source. */
function namesFor(
  name: string | undefined,
  { reference, annotations = {} }: CopySource,
): Readonly<Record<string, string>> {
  if (name !== undefined && !/[/:]/.test(name)) return { [layoutAnnotations.refName]: name };
  const whole: Reference | undefined = name === undefined ? reference : withDefaultTag(parseReference(name));
  if (whole?.tag === undefined) return annotations;
  const { digest: _digest, ...tagged } = whole;
  const text = canonicalString(tagged);
  return { [layoutAnnotations.refName]: text, [layoutAnnotations.imageName]: text };
}
