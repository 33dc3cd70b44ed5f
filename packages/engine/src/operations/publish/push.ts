/**
 * Push: upload a plugin to the registry that its local name points at, or the builds of a plugin for several platforms under
 * one tag.
 */
import {
  type Digest,
  familiarName,
  isOutboardError,
  type Lease,
  OutboardError,
  parsePlatform,
  parseReference,
  type Reference,
  type Repository,
  withDefaultTag,
} from '@outboard/oci';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { ignoreProgress, type ReportProgress } from '../../observe/progress.ts';
import { bestEffort } from '../best-effort.ts';
import { collectGarbage } from '../content/collect-garbage.ts';
import type { OperationCall } from '../face-rows.ts';
import type { RemoteOptions } from '../remote-options.ts';
import { makePublishedManifest, type PublishedManifest, type PushFormat } from './published-manifest.ts';
import { pushBlobs } from './push-blobs.ts';
import {
  buildIndex,
  mergeEntries,
  type PlatformBuild,
  platformOfBuild,
  readEntries,
  requireDistinct,
} from './push-index.ts';

/** Request of a push. */
export interface PushRequest extends Pick<RemoteOptions, 'access' | 'signal'> {
  /** Name or ID; with `platforms` the reference to push to. */
  readonly plugin: string;
  /** Default `stored`. */
  readonly format?: PushFormat | undefined;
  /** Push an index of these builds in place of one plugin. */
  readonly platforms?: readonly PlatformBuild[] | undefined;
  /** Keep the builds for other platforms that the index in the registry has. Default false. */
  readonly append?: boolean | undefined;
  readonly onProgress?: ReportProgress | undefined;
}

type PushContext = Pick<
  OperationCall,
  | 'store'
  | 'content'
  | 'downloads'
  | 'registry'
  | 'limits'
  | 'meter'
  | 'architectures'
  | 'workspaces'
  | 'logger'
>;

/** A push under way. */
interface Push {
  readonly context: PushContext;
  readonly request: PushRequest;
  readonly reference: Reference;
  readonly repository: Repository;
  readonly lease: Lease;
  readonly onProgress: ReportProgress;
}

/**
 * Push a plugin's blobs, then its manifest with the bytes that were made or pulled, so that its digest stays, unless another
 * format is asked for. An interrupted push can be repeated: blobs that the registry has are not sent again.
 * @throws {OutboardError} not-found; invalid for builds that make no index; the registry's errors
 */
export async function pushPlugin(context: PushContext, request: PushRequest): Promise<void> {
  const { platforms, signal, access, onProgress = ignoreProgress } = request;
  const builds = platforms === undefined ? undefined : await findBuilds(context, platforms);
  const record = builds === undefined ? context.store.find(request.plugin) : undefined;
  const reference = destinationOf(record?.name ?? request.plugin);
  await using lease = context.content.lease();
  onProgress({ status: `The push refers to repository [${familiarName(reference)}]` });
  const repository = context.registry.repository(reference, 'pull,push', access);
  const push: Push = { context, request, reference, repository, lease, onProgress };
  try {
    const tag = reference.tag ?? 'latest';
    const { mediaType, bytes } =
      record === undefined ? await pushBuilds(push, builds ?? [], tag) : await pushOne(push, record);
    const digest: Digest = await repository.pushManifest(tag, { mediaType, bytes }, { signal });
    onProgress({ status: '', result: { tag, digest, size: bytes.length } });
  } catch (cause) {
    if (!isOutboardError(cause)) throw cause;
    throw new OutboardError(cause.kind, `error pushing plugin: ${cause.message}`, { cause });
  } finally {
    // Layers that were compressed again belong to no plugin.
    if ((request.format ?? 'stored') !== 'stored') {
      await lease[Symbol.asyncDispose]();
      await bestEffort(context, 'collect the layers of a push', () => collectGarbage(context));
    }
  }
}

/** @throws {OutboardError} invalid when the name is no reference, or has a digest */
function destinationOf(name: string): Reference {
  const reference = withDefaultTag(parseReference(name));
  if (reference.digest === undefined) return reference;
  throw new OutboardError('invalid', `cannot push to ${JSON.stringify(name)}: want a tag, not a digest`);
}

async function pushOne(push: Push, record: PluginRecord) {
  const { descriptor, bytes } = await pushContent(push, record);
  return { mediaType: descriptor.mediaType, bytes };
}

/** Push the blobs of a plugin. @returns its manifest, which is not pushed yet */
async function pushContent(push: Push, record: PluginRecord): Promise<PublishedManifest> {
  const { context, request, reference, lease, onProgress } = push;
  const { access, signal } = request;
  for (const digest of [record.manifestDigest, record.configDigest, ...record.blobDigests]) lease.add(digest);
  const { content, downloads, registry } = context;
  const origin = { content, downloads, registry, record, access, signal };
  const manifest = await makePublishedManifest(
    { origin, record, lease, workspaces: context.workspaces },
    request.format ?? 'stored',
  );
  const source = mountSource(record, reference);
  const repository =
    source === undefined
      ? push.repository
      : registry.repository(reference, 'pull,push', { ...access, mountFrom: source.path });
  const mountFrom = source && familiarName(source);
  await pushBlobs({ context, repository, origin, mountFrom, onProgress, signal }, manifest.blobs);
  return manifest;
}

/** The repository that a plugin was pulled from, if it is another one of the registry that is pushed to. */
function mountSource({ pluginReference }: PluginRecord, to: Reference): Reference | undefined {
  if (pluginReference === undefined) return undefined;
  const from = parseReference(pluginReference);
  return from.domain === to.domain && from.path !== to.path ? from : undefined;
}

/** A plugin with the platform that it is a build for. */
interface FoundBuild {
  readonly record: PluginRecord;
  readonly name: string;
  readonly platform: string;
}

async function findBuilds(
  { store, architectures }: PushContext,
  wanted: readonly PlatformBuild[],
): Promise<readonly FoundBuild[]> {
  if (wanted.length === 0) throw new OutboardError('invalid', 'an index needs a build, want at least one');
  const builds: FoundBuild[] = [];
  for (const { plugin, platform } of wanted) {
    const record = store.find(plugin);
    builds.push({
      record,
      name: record.name,
      platform: await platformOfBuild(architectures, record, platform),
    });
  }
  requireDistinct(builds);
  return builds;
}

/** Push each build by its digest. @returns the index, which is not pushed yet */
async function pushBuilds(push: Push, builds: readonly FoundBuild[], tag: string) {
  const { repository, request, onProgress } = push;
  const { signal } = request;
  // Asked first: a tag that nothing can be added to is told before anything is uploaded.
  const entries = request.append === true ? await readEntries(repository, tag, { signal }) : [];
  const pushed = [];
  for (const { record, name, platform } of builds) {
    onProgress({ status: `Pushing ${name} for ${platform}` });
    const { descriptor, bytes } = await pushContent(push, record);
    const { mediaType, digest } = descriptor;
    await repository.pushManifest(digest, { mediaType, bytes }, { signal });
    pushed.push({ ...descriptor, platform: parsePlatform(platform) });
  }
  return buildIndex(mergeEntries(entries, pushed));
}
