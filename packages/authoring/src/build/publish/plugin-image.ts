/**
 * The image of a built plugin: config, layer and manifest, with the bytes that `plugin create` and `plugin push` would give.
 */
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Cancellable } from '@outboard/async';
import { compressLayer } from '@outboard/container';
import { encodeConfigBlob, parsePluginConfig } from '@outboard/engine';
import { createDigester, type Descriptor, digestOf, encodeManifest, mediaTypes } from '@outboard/oci';
import type { BuiltPlugin } from '../build-plugin.ts';
import { archiveTree } from '../tree/archive-tree.ts';

/** An image whose layer is in a temporary file. */
export interface PluginImage extends AsyncDisposable {
  readonly config: { readonly descriptor: Descriptor; readonly bytes: Buffer };
  readonly layer: { readonly descriptor: Descriptor; readonly open: () => Readable };
  readonly manifest: { readonly descriptor: Descriptor; readonly bytes: Buffer };
}

/** Make the image. Its layer is compressed into the plugin's temporary directory. */
export async function makeImage(plugin: BuiltPlugin, { signal }: Cancellable = {}): Promise<PluginImage> {
  const file = join(plugin.temporaryDirectory, 'layer');
  const plain = createDigester();
  const compressed = createDigester();
  let size = 0;
  async function* observed(): AsyncGenerator<Buffer> {
    for await (const chunk of archiveTree(plugin.tree.root, { signal })) {
      plain.update(chunk);
      yield chunk;
    }
  }
  {
    await using output = await open(file, 'w', 0o600);
    for await (const chunk of compressLayer(observed(), { signal })) {
      compressed.update(chunk);
      size += chunk.length;
      await output.writeFile(chunk);
    }
  }
  const { document } = parsePluginConfig(plugin.configBytes);
  const configBytes = encodeConfigBlob(document, [plain.digest()]);
  const config = {
    mediaType: mediaTypes.dockerPluginConfig,
    digest: digestOf(configBytes),
    size: configBytes.length,
  };
  const layer = { mediaType: mediaTypes.dockerLayerGzip, digest: compressed.digest(), size };
  const bytes = encodeManifest({ config, layers: [layer] });
  return {
    config: { descriptor: config, bytes: configBytes },
    layer: { descriptor: layer, open: () => createReadStream(file) },
    manifest: {
      descriptor: { mediaType: mediaTypes.dockerManifest, digest: digestOf(bytes), size: bytes.length },
      bytes,
    },
    [Symbol.asyncDispose]: () => rm(file, { force: true }),
  };
}
