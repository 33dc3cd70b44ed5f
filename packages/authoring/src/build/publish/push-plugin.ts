/**
 * Pushes built plugins to a registry: one plugin under its tag, or an index of one for each platform.
 */
import { Readable } from 'node:stream';
import type { Cancellable } from '@outboard/async';
import {
  type Digest,
  familiarString,
  mediaTypes,
  OutboardError,
  parseReference,
  platformText,
  type Reference,
  type Repository,
  shortDigest,
  withDefaultTag,
} from '@outboard/oci';
import type { RegistryOptions } from '../base/registry-image.ts';
import type { BuiltPlugin } from '../build-plugin.ts';
import { requireProgram } from '../judge-plugin.ts';
import { makeImage, type PluginImage } from './plugin-image.ts';

/** Request of a push. */
export interface PushRequest extends Cancellable {
  /** Reference with a tag; `latest` is added when there is none. */
  readonly reference: string;
  readonly registries: RegistryOptions;
}

/** An entry of an index. */
interface PushedPlugin {
  readonly mediaType: string;
  readonly size: number;
  readonly digest: Digest;
  readonly platform: BuiltPlugin['platform'];
}

/**
 * Read the reference of a push.
 * @throws {OutboardError} invalid when it is none, or has a digest
 */
export function parsePushReference(text: string): Reference {
  const reference = withDefaultTag(parseReference(text));
  if (reference.digest === undefined) return reference;
  throw new OutboardError('invalid', `cannot push to "${text}": want a tag, not a digest`);
}

/**
 * Open a push.
 * @returns pushes each plugin that it is given, and at its end what the tag names
 * @throws {OutboardError} invalid; the registry's errors
 */
export async function openPush(request: PushRequest): Promise<{
  readonly push: (plugin: BuiltPlugin) => Promise<void>;
  /** Push the tag: of one plugin its manifest, else an index. @returns the digest that the tag names */
  readonly finish: () => Promise<Digest>;
}> {
  const { registries, signal } = request;
  const reference = parsePushReference(request.reference);
  const access = await registries.accessTo(reference);
  const client = await registries.client();
  const repository = client.repository(reference, 'pull,push', access);
  const pushed: PushedPlugin[] = [];
  let last: { readonly mediaType: string; readonly bytes: Buffer } | undefined;
  return {
    async push(plugin) {
      requireProgram(plugin.tree, plugin.config);
      await using image = await makeImage(plugin, { signal });
      registries.onProgress(`Pushing ${familiarString(reference)} for ${platformText(plugin.platform)}`);
      await pushBlobs(repository, image, request);
      const { descriptor, bytes } = image.manifest;
      last = { mediaType: descriptor.mediaType, bytes };
      await repository.pushManifest(descriptor.digest, last, { signal });
      pushed.push({ ...descriptor, platform: plugin.platform });
    },
    async finish() {
      if (last === undefined) throw new OutboardError('invalid', 'there is no plugin to push');
      const manifest = pushed.length === 1 ? last : encodeIndex(pushed);
      return await repository.pushManifest(reference.tag ?? 'latest', manifest, { signal });
    },
  };
}

async function pushBlobs(
  repository: Repository,
  { layer, config }: PluginImage,
  { registries, signal }: PushRequest,
): Promise<void> {
  const blobs = [
    [layer.descriptor, layer.open],
    [config.descriptor, () => Readable.from([config.bytes])],
  ] as const;
  for (const [descriptor, open] of blobs) {
    const outcome = await repository.pushBlob(descriptor, async () => open(), { signal });
    const state = outcome === 'exists' ? 'Already exists' : 'Upload complete';
    registries.onProgress(`${shortDigest(descriptor.digest)}: ${state}`);
  }
}

/** Docker's manifest list: each engine that installs plugins reads it. */
function encodeIndex(manifests: readonly PushedPlugin[]) {
  const mediaType = mediaTypes.dockerManifestList;
  return { mediaType, bytes: Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests })) };
}
