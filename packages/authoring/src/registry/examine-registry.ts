/**
 * Finds out what a registry takes: pushes tiny plugins in every form into one repository, reads them back, and deletes them.
 */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Cancellable } from '@outboard/async';
import { type Digest, isOutboardError, mediaTypes, OutboardError, type Repository } from '@outboard/oci';
import {
  makeProbeArtifacts,
  makeProbeIndex,
  type ProbeArtifact,
  type ProbeArtifacts,
  type ProbeContent,
} from './probe-artifacts.ts';

/** Finding about one ability of a registry. */
export interface RegistryFinding {
  /** Such as `push a plugin as Docker does`. */
  readonly ability: string;
  /** False: without it no plugin can be kept there. */
  readonly isOptional: boolean;
  readonly works: boolean;
  /** Why it does not work, in the registry's words where it had some; or a remark. */
  readonly detail: string;
}

/** One examination under way. */
interface Examination extends Cancellable {
  readonly repository: Repository;
  readonly artifacts: ProbeArtifacts;
  /** Tags of this examination begin with it. */
  readonly prefix: string;
  /** Pushed so far, to be deleted: tags and digests. */
  readonly pushed: Set<string>;
}

interface Ability {
  readonly name: string;
  readonly isOptional?: boolean;
  /** @returns a remark, if there is one; what it throws is the reason why it does not work */
  readonly examine: (examination: Examination) => Promise<string | undefined>;
}

const abilities: readonly Ability[] = [
  { name: 'upload a layer', examine: uploadLayer },
  {
    name: 'push a plugin as Docker does',
    examine: (all) => pushAndRead(all, 'docker', all.artifacts.dockerPlugin),
  },
  {
    name: 'push a plugin as an OCI manifest',
    isOptional: true,
    examine: (all) => pushAndRead(all, 'oci', all.artifacts.ociPlugin),
  },
  {
    name: 'push a plugin as an image with a label',
    isOptional: true,
    examine: (all) => pushAndRead(all, 'image', all.artifacts.image),
  },
  {
    name: 'push an index of several platforms',
    isOptional: true,
    examine: (all) => pushIndex(all, 'index', mediaTypes.ociIndex, all.artifacts.ociPlugin),
  },
  {
    name: 'push a manifest list of several platforms',
    isOptional: true,
    examine: (all) => pushIndex(all, 'list', mediaTypes.dockerManifestList, all.artifacts.dockerPlugin),
  },
  { name: 'resume a download', isOptional: true, examine: resumeDownload },
  { name: 'list tags', isOptional: true, examine: listTags },
  { name: 'attach a signature', isOptional: true, examine: attach },
  { name: 'delete what was pushed', isOptional: true, examine: deleteAll },
];

/**
 * Examine a registry. What it pushes has tags of its own, which begin with `outboard-check-`, and is deleted if the registry
 * permits it. A failure is a finding, and the examination goes on.
 * @param repository opened for pulls, pushes and deletion
 * @returns a finding for each ability, as soon as it is known
 * @throws the signal's reason
 */
export async function* examineRegistry(
  repository: Repository,
  { signal }: Cancellable = {},
): AsyncGenerator<RegistryFinding, void> {
  const unique = randomUUID();
  const prefix = `outboard-check-${unique.slice(0, 8)}`;
  const artifacts = makeProbeArtifacts(unique);
  const examination = { repository, artifacts, prefix, pushed: new Set<string>(), signal };
  for (const { name, isOptional = false, examine } of abilities) {
    signal?.throwIfAborted();
    const finding = { ability: name, isOptional };
    try {
      yield { ...finding, works: true, detail: (await examine(examination)) ?? '' };
    } catch (error) {
      signal?.throwIfAborted();
      if (!isOutboardError(error)) throw error;
      yield { ...finding, works: false, detail: error.message };
    }
  }
}

async function uploadLayer(examination: Examination): Promise<string | undefined> {
  const { repository, artifacts, signal } = examination;
  const { descriptor } = artifacts.layer;
  await upload(examination, artifacts.layer);
  if (!(await repository.hasBlob(descriptor.digest, { signal })))
    throw new OutboardError('not-found', 'the registry took it, and does not have it afterwards');
  return undefined;
}

async function upload(
  { repository, signal }: Examination,
  { descriptor, bytes }: ProbeContent,
): Promise<void> {
  await repository.pushBlob(descriptor, () => Promise.resolve(Readable.from([bytes])), { signal });
}

/** Push under a tag, and read it again by tag, by digest, and its config. */
async function pushAndRead(
  examination: Examination,
  name: string,
  { blobs, manifest }: ProbeArtifact,
): Promise<string | undefined> {
  const { repository, signal } = examination;
  for (const blob of blobs) await upload(examination, blob);
  await push(examination, name, manifest);
  for (const { descriptor, bytes } of blobs) {
    const read = await repository.readBlob(descriptor, { maxBytes: bytes.length, signal });
    if (!read.equals(bytes)) throw new OutboardError('invalid', `${descriptor.digest} was changed`);
  }
  return undefined;
}

async function pushIndex(
  examination: Examination,
  name: string,
  mediaType: string,
  { manifest }: ProbeArtifact,
): Promise<string | undefined> {
  await push(examination, name, makeProbeIndex(mediaType, manifest));
  return undefined;
}

async function push(
  { repository, prefix, pushed, signal }: Examination,
  name: string,
  { descriptor, bytes }: ProbeContent,
): Promise<void> {
  const tag = `${prefix}-${name}`;
  await repository.pushManifest(tag, { mediaType: descriptor.mediaType, bytes }, { signal });
  pushed.add(tag).add(descriptor.digest);
  for (const found of [tag, descriptor.digest]) {
    const stored = await repository.resolve(found, { signal });
    if (stored.bytes.equals(bytes) && stored.descriptor.mediaType === descriptor.mediaType) continue;
    throw new OutboardError('invalid', `the registry answers ${found} with another manifest than was pushed`);
  }
}

/** A registry without ranges sends the whole again, from which the client takes the rest. */
async function resumeDownload({ repository, artifacts, signal }: Examination): Promise<string | undefined> {
  const { bytes, descriptor } = artifacts.layer;
  const offset = bytes.length >> 1;
  const rest = await buffer(await repository.openBlob(descriptor, { offset, signal }));
  if (!rest.equals(bytes.subarray(offset)))
    throw new OutboardError('invalid', `the bytes from ${offset} on are not those of the layer`);
  return undefined;
}

async function listTags({ repository, pushed, signal }: Examination): Promise<string | undefined> {
  const wanted = new Set([...pushed].filter((name) => !name.includes(':')));
  let count = 0;
  for await (const tag of repository.listTags({ signal })) {
    wanted.delete(tag);
    count++;
  }
  if (wanted.size === 0) return undefined;
  throw new OutboardError('not-found', `${[...wanted].join(', ')} missing among ${count} tags`);
}

async function attach(examination: Examination): Promise<string | undefined> {
  const { repository, artifacts, pushed, signal } = examination;
  const { blobs, manifest } = artifacts.referrer;
  const { digest, mediaType } = manifest.descriptor;
  for (const blob of blobs) await upload(examination, blob);
  await repository.pushManifest(digest, { mediaType, bytes: manifest.bytes }, { signal });
  const subject = artifacts.ociPlugin.manifest.descriptor.digest;
  // A registry that lists no referrers itself keeps a list under this tag.
  pushed.add(digest).add(subject.replace(':', '-'));
  const found = await repository.referrers(subject, { signal });
  if (found.some((each) => each.digest === digest)) return undefined;
  throw new OutboardError('not-found', `the registry does not list ${digest} for ${subject}`);
}

/** By digest, which takes the tags along; then the tags that are left, for some registries let those go only. */
async function deleteAll(examination: Examination): Promise<string | undefined> {
  const tags = [...examination.pushed].filter((name) => !name.includes(':'));
  const digests = new Set([...examination.pushed].filter((name) => name.includes(':')));
  for (const digest of (await findTags(examination, tags)).values()) digests.add(digest);
  const refusals = await deleteEach(examination, [...digests]);
  const left = await findTags(examination, tags);
  refusals.push(...(await deleteEach(examination, [...left.keys()])));
  const still = [...(await findTags(examination, [...left.keys()])).keys()];
  if (still.length === 0) return undefined;
  const [{ kind, message } = { kind: 'invalid', message: 'the registry says that it did' } as const] =
    refusals;
  throw new OutboardError(kind, `these tags are left: ${still.join(', ')}: ${message}`);
}

/** @returns the refusals */
async function deleteEach(
  { repository, signal }: Examination,
  names: readonly string[],
): Promise<OutboardError[]> {
  const refusals: OutboardError[] = [];
  for (const name of names) {
    try {
      await repository.deleteManifest(name, { signal });
    } catch (error) {
      if (!isOutboardError(error)) throw error;
      if (error.kind !== 'not-found') refusals.push(error);
    }
  }
  return refusals;
}

/** The tags that are there, with the digests that they name. */
async function findTags(
  { repository, signal }: Examination,
  tags: readonly string[],
): Promise<ReadonlyMap<string, Digest>> {
  const found = new Map<string, Digest>();
  for (const tag of tags) {
    try {
      found.set(tag, (await repository.resolve(tag, { signal })).descriptor.digest);
    } catch (error) {
      if (!isOutboardError(error, 'not-found')) throw error;
    }
  }
  return found;
}
