/**
 * Finds the blobs that damaged plugins may need, so that they can be repaired and the rest can be collected.
 */
import {
  type ContentStore,
  type Digest,
  isIndexMediaType,
  isOutboardError,
  maxManifestBytes,
  mediaTypes,
  parseManifest,
} from '@outboard/oci';
import { isImageConfigMediaType } from '../config/image-config.ts';
import { type DamagedPlugin, legibleDigests, legibleManifest } from './damaged-plugin.ts';

/** Content that one damaged plugin may have been made from. */
export interface CandidateContent {
  /** Manifests, one of which is the plugin's; only that one when the record still names it. */
  readonly manifests: readonly StoredManifest[];
  /** Those manifests with their configs and layers, and all other digests in the record. */
  readonly digests: ReadonlySet<Digest>;
}

/** A manifest in the store. */
export interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly config: Digest;
  readonly configMediaType: string;
  readonly layers: readonly Digest[];
}

type Content = Pick<ContentStore, 'read' | 'walk'>;

/**
 * Find the content of damaged plugins. A record that still names its manifest decides. Otherwise every manifest that no
 * sound plugin has is a candidate or, if there is none, every manifest: two plugins may share one.
 * @param isReferenced true for blobs of sound plugins
 * @returns candidates by plugin ID
 */
export async function findContentOfDamaged(
  damaged: readonly DamagedPlugin[],
  content: Content,
  isReferenced: (digest: Digest) => boolean,
): Promise<ReadonlyMap<string, CandidateContent>> {
  let stored: readonly StoredManifest[] | undefined;
  const found = new Map<string, CandidateContent>();
  for (const plugin of damaged) {
    const own = await readLegibleManifest(plugin, content);
    if (own === undefined) stored ??= await readManifests(content);
    const free = stored?.filter(({ digest }) => !isReferenced(digest)) ?? [];
    const manifests = own !== undefined ? [own] : free.length > 0 ? free : (stored ?? []);
    const named = manifests.flatMap(({ digest, config, layers }) => [digest, config, ...layers]);
    found.set(plugin.id, { manifests, digests: new Set([...named, ...legibleDigests(plugin)]) });
  }
  return found;
}

async function readLegibleManifest(
  plugin: DamagedPlugin,
  content: Content,
): Promise<StoredManifest | undefined> {
  const digest = legibleManifest(plugin);
  return digest === undefined ? undefined : readManifest(digest, content);
}

async function readManifests(content: Content): Promise<readonly StoredManifest[]> {
  const found: StoredManifest[] = [];
  for await (const { digest, size } of content.walk()) {
    if (size > maxManifestBytes) continue;
    const manifest = await readManifest(digest, content);
    if (manifest !== undefined) found.push(manifest);
  }
  return found;
}

/** @returns undefined for a blob that is not in the store, or is no manifest */
async function readManifest(digest: Digest, content: Content): Promise<StoredManifest | undefined> {
  try {
    const bytes = await content.read(digest, { maxBytes: maxManifestBytes });
    const mediaType = mediaTypeOf(bytes);
    if (mediaType === undefined) return undefined;
    const { config, layers } = parseManifest(bytes, mediaType);
    const configMediaType = config.mediaType;
    // An image is in the store because its label makes it a plugin.
    if (configMediaType !== mediaTypes.dockerPluginConfig && !isImageConfigMediaType(configMediaType))
      return undefined;
    const named = layers.map((layer) => layer.digest);
    return { digest, mediaType, config: config.digest, configMediaType, layers: named };
  } catch (error) {
    if (isOutboardError(error)) return undefined;
    throw error;
  }
}

/** The media type of a manifest; OCI's when it names none, which the image-spec allows. */
function mediaTypeOf(bytes: Buffer): string | undefined {
  // A manifest is an object; layers and most other blobs are not.
  if (bytes[0] !== 0x7b) return undefined;
  const document: unknown = parseJson(bytes.toString('utf8'));
  if (typeof document !== 'object' || document === null) return undefined;
  const type = 'mediaType' in document ? document.mediaType : mediaTypes.ociManifest;
  return typeof type === 'string' && !isIndexMediaType(type) ? type : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // other blobs are no JSON
  }
}
