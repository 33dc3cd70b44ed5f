/**
 * A data root of a Docker Engine for tests, in Docker's form, with plugins of one file each.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Digest, digestHex, digestOf, encodeManifest, mediaTypes } from '@outboard/oci';
import type { PluginRecord } from '../config/plugin-config.ts';
import { pluginPaths } from '../store/plugin-layout.ts';
import { encodeRecord } from '../store/plugin-record-document.ts';
import { createArchive } from './published-plugin.ts';
import { recordFixture } from './record-fixture.ts';

/** A plugin of that engine. */
export interface WrittenPlugin {
  readonly record: PluginRecord;
  /** Its directory. */
  readonly directory: string;
  /** Manifest, config and layer. */
  readonly digests: readonly Digest[];
}

/** The data root. Disposing it deletes it. */
export interface DockerDirectoryFixture extends AsyncDisposable {
  readonly path: string;
  /** Path of a blob in Docker's store. */
  blobPath(digest: Digest): string;
  /** Write a plugin. @param id one hex digit, of which its ID consists */
  add(id: string, changes?: Partial<PluginRecord>): Promise<WrittenPlugin>;
}

/** Make a data root without plugins. */
export async function makeDockerDirectory(): Promise<DockerDirectoryFixture> {
  const path = await mkdtemp(join(tmpdir(), 'outboard-docker-'));
  const blobs = join(path, 'plugins/storage/blobs/sha256');
  await mkdir(blobs, { recursive: true });
  const blobPath = (digest: Digest) => join(blobs, digestHex(digest));
  const store = async (bytes: Buffer) => {
    await writeFile(blobPath(digestOf(bytes)), bytes);
    return { digest: digestOf(bytes), size: bytes.length };
  };
  return {
    path,
    blobPath,
    async add(digit, changes = {}) {
      const name = changes.name ?? `acme/p${digit}:latest`;
      const config = {
        ...(await store(Buffer.from(`{"description":"${name}"}`))),
        mediaType: mediaTypes.dockerPluginConfig,
      };
      const layer = {
        ...(await store(gzipSync(createArchive({ file: name })))),
        mediaType: mediaTypes.dockerLayerGzip,
      };
      const manifest = await store(Buffer.from(encodeManifest({ config, layers: [layer] })));
      const record = recordFixture({
        id: digit.repeat(64),
        name,
        manifestDigest: manifest.digest,
        configDigest: config.digest,
        blobDigests: [layer.digest],
        ...changes,
      });
      const paths = pluginPaths(join(path, 'plugins', record.id));
      await mkdir(paths.rootfs, { recursive: true });
      await writeFile(join(paths.rootfs, 'file'), `${name} of Docker`);
      await writeFile(paths.record, recordOfDocker(record, paths));
      return { record, directory: paths.directory, digests: [manifest.digest, config.digest, layer.digest] };
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}

function recordOfDocker(...record: Parameters<typeof encodeRecord>): string {
  const { Outboard: _own, ...document } = JSON.parse(encodeRecord(...record).toString());
  return JSON.stringify(document);
}
