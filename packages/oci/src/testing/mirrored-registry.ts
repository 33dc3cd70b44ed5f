/**
 * Registries with mirrors for tests, on free ports of 127.0.0.1.
 */
import type { ServerResponse } from 'node:http';
import { createRegistriesConfiguration } from '../registry/configuration/registries-configuration.ts';
import { parsePlace } from '../registry/configuration/registry-location.ts';
import type { MirrorUse, RegistryRule } from '../registry/configuration/registry-rule.ts';
import type { RegistryClientOptions } from '../registry/http/http-registry-client.ts';
import type { RegistryAccess } from '../registry/registry-client.ts';
import {
  createClientUnderTest,
  type Handler,
  type HostileRegistry,
  manifestType,
  startHostileRegistry,
} from './hostile-registry.ts';
import { blobOf } from './pushed-image.ts';
import { sendBlob } from './served-blob.ts';

/** The manifest that `serve` sends. */
export const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: blobOf(Buffer.from('{}')),
    layers: [],
  }),
);
/** The layer that `serve` sends. */
export const layer = Buffer.alloc(300_000, 'layer ');

/** Serves the manifest and the layer, whatever their names. */
export const serve: Handler = (request, response) => {
  if (request.url?.includes('/blobs/')) sendBlob(request, response, layer);
  else response.writeHead(200, { 'content-type': manifestType }).end(manifest);
};

/** Answers every request with a status. */
export function fail(status: number): Handler {
  return (_request, response: ServerResponse) => response.writeHead(status).end();
}

/** A registry with mirrors, and a client that knows them. */
export async function startMirrored(
  mirrors: readonly (Handler | 'nothing listens')[],
  upstream: Handler = serve,
  {
    use = 'all',
    authFile,
    ...options
  }: { readonly use?: MirrorUse; readonly authFile?: string } & Partial<RegistryClientOptions> = {},
) {
  const stack: AsyncDisposable[] = [];
  const start = async (handler: Handler): Promise<HostileRegistry> => {
    const registry = await startHostileRegistry(handler);
    stack.unshift(registry);
    return registry;
  };
  const registry = await start(upstream);
  const servers: HostileRegistry[] = [];
  for (const handler of mirrors) {
    const server = await start(handler === 'nothing listens' ? serve : handler);
    if (handler === 'nothing listens') await server[Symbol.asyncDispose]();
    servers.push(server);
  }
  const rule: RegistryRule = {
    prefix: registry.host,
    source: 'test',
    mirrors: servers.map(({ host }) => ({ place: parsePlace(`${host}/cache`), insecure: false, use })),
  };
  const under = createClientUnderTest({
    configuration: createRegistriesConfiguration({
      rules: [rule, ...servers.map(({ host }) => ({ prefix: host, source: 'test', authFile }))],
    }),
    ...options,
  });
  stack.unshift(under);
  return {
    registry,
    mirrors: servers,
    clock: under.clock,
    pull: (access: RegistryAccess = {}) =>
      under.client.repository({ domain: registry.host, path: 'acme/plugin' }, 'pull', access),
    push: () => under.client.repository({ domain: registry.host, path: 'acme/plugin' }, 'pull,push'),
    async [Symbol.asyncDispose]() {
      // A server that was stopped before is stopped already.
      await Promise.allSettled(stack.map((each) => each[Symbol.asyncDispose]()));
    },
  };
}

/** The paths that a server was asked for. */
export const urls = (server: HostileRegistry | undefined) => server?.requests.map(({ url }) => url);
