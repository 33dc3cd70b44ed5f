/**
 * Outboard's own routes that make plugins of images, and write plugins out.
 */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { EngineClient } from './engine-client.ts';
import { ownPluginPath, requireOwnRoute } from './own-route.ts';
import type { RemotePlugin } from './plugin-api.ts';

/** Request of a plugin that is made of an image. */
export interface FromImage {
  /** Local name. */
  readonly name: string;
  /** The image, with the credentials for its registry. */
  readonly image: RemotePlugin;
  /** The bytes of `config.json`; absent: the label of the image. */
  readonly config: Buffer | undefined;
  /** Refuse a plugin that can never be enabled. */
  readonly mustRun: boolean;
  /** Of its manifest, `docker` or `oci`; default Docker's. */
  readonly format: string | undefined;
}

/** @returns the progress stream @throws {CommandError} if the daemon has no such route, as Docker Engine */
export async function createFromImage(
  client: EngineClient,
  { name, image, config, mustRun, format }: FromImage,
): Promise<IncomingMessage> {
  const purpose = 'make plugins of images: outboard build --base IMAGE makes one without a daemon';
  return await requireOwnRoute(purpose, () =>
    client.open({
      method: 'POST',
      path: '/outboard/v1/plugins/create',
      query: { name, image: image.remote, ...sourceOf(image), format, mustRun: mustRun ? '1' : undefined },
      headers: { 'X-Registry-Auth': image.registryAuth.header, 'Content-Type': 'application/json' },
      body: config === undefined ? undefined : Readable.from([config], { objectMode: false }),
    }),
  );
}

function sourceOf({ platform, archive }: RemotePlugin) {
  return { platform, archive };
}

/** @returns the archive of a plugin @throws {CommandError} if the daemon has no such route, as Docker Engine */
export async function exportPlugin(client: EngineClient, name: string): Promise<IncomingMessage> {
  const path = ownPluginPath(name, '/export');
  return await requireOwnRoute('export plugins', () => client.open({ method: 'GET', path }));
}
