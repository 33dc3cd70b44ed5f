/**
 * Artifacts for tests of what reads and writes them.
 */
import { Readable } from 'node:stream';
import { digestOf } from '../digests/digest.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import { mediaTypes } from '../manifests/media-types.ts';
import type { RepositoryWriter } from '../registry/registry-client.ts';

/** Content of an artifact. */
export interface ArtifactFields {
  /** Content of its only layer; the config names it. */
  readonly text: string;
  readonly tag?: string | undefined;
  readonly configType?: string | undefined;
  readonly layerType?: string | undefined;
  readonly subject?: Descriptor | undefined;
}

/** Push an artifact of one layer. @returns the descriptor of its manifest */
export async function pushTestArtifact(to: RepositoryWriter, fields: ArtifactFields): Promise<Descriptor> {
  const push = async (type: string, text: string) => {
    const bytes = Buffer.from(text);
    const descriptor = { mediaType: type, digest: digestOf(bytes), size: bytes.length };
    await to.pushBlob(descriptor, async () => Readable.from([bytes]));
    return descriptor;
  };
  const { text, subject } = fields;
  const config = await push(fields.configType ?? mediaTypes.ociImageConfig, `{"of":"${text}"}`);
  const layers = [await push(fields.layerType ?? mediaTypes.ociLayerGzip, text)];
  const mediaType = mediaTypes.ociManifest;
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers, subject }));
  const digest = digestOf(bytes);
  await to.pushManifest(fields.tag ?? digest, { mediaType, bytes });
  return { mediaType, digest, size: bytes.length };
}
