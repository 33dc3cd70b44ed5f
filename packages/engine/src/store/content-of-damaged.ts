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
import { type DamagedPlugin, legibleDigests, legibleManifest } from './damaged-plugin.ts';

/** What one damaged plugin may have been made of. */
export interface CandidateContent {
  /** Manifests, one of which is its own; one when its record still tells it. */
  readonly manifests: readonly StoredManifest[];
  /** Those manifests, their configs and layers, and what else the record names. */
  readonly digests: ReadonlySet<Digest>;
}

/** A manifest in the store. */
export interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly config: Digest;
  readonly layers: readonly Digest[];
}

type Content = Pick<ContentStore, 'read' | 'walk'>;

/**
 * Where a record still tells its manifest, that is the one. Else it may be any manifest that no sound plugin has, or, if
 * there is none, any at all: two plugins may share one.
 * @param isReferenced whether a sound plugin names a blob
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
    if (config.mediaType !== mediaTypes.dockerPluginConfig) return undefined;
    return { digest, mediaType, config: config.digest, layers: layers.map((layer) => layer.digest) };
  } catch (error) {
    if (isOutboardError(error)) return undefined;
    throw error;
  }
}

/** OCI manifests need not name their own type; then their form is OCI's. */
function mediaTypeOf(bytes: Buffer): string | undefined {
  // Only objects can be manifests; layers and most other blobs end here.
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
    return undefined; // no JSON, no manifest
  }
}
