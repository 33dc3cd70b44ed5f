/**
 * A well-behaved registry over HTTP, in this process: serves the state of a `MemoryRegistry` on a free port of 127.0.0.1.
 * @see OCI distribution-spec v1.1.1, "Endpoints"
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { fromCallback } from '@outboard/async';
import { parseDigest } from '../digests/digest.ts';
import { type ErrorKind, isOutboardError, OutboardError } from '../errors/outboard-error.ts';
import { encodeIndex } from '../manifests/image-index.ts';
import { mediaTypes } from '../manifests/media-types.ts';
import {
  type Login,
  MemoryRegistry,
  type MemoryRepository,
  type RegistryRequest,
} from './memory-registry.ts';

/** A server that listens. Disposing closes it and its connections. */
export interface RegistryServer extends AsyncDisposable {
  /** `127.0.0.1:PORT`; plain HTTP. */
  readonly host: string;
  /** The registry that it serves. */
  readonly registry: MemoryRegistry;
}

/** Serve a registry; default: an empty one that accepts every request. */
export async function startRegistryServer(registry = new MemoryRegistry()): Promise<RegistryServer> {
  const server = createServer((request, response) => {
    answer(registry, request, response).catch((error: unknown) => refuse(response, error));
  });
  await fromCallback((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    host: `127.0.0.1:${port}`,
    registry,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await fromCallback((done) => server.close(done));
    },
  };
}

/** One request with what its URL names. */
interface Exchange {
  readonly registry: MemoryRegistry;
  readonly repository: MemoryRepository;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** Tag, digest or upload ID. */
  readonly target: string;
}

interface Route {
  readonly pattern: RegExp;
  readonly operation: (method: string) => RegistryRequest['operation'];
  readonly answer: (exchange: Exchange) => void | Promise<void>;
}

const routes: readonly Route[] = [
  { pattern: /^\/v2\/(.+)\/blobs\/uploads\/([^/]*)$/, operation: () => 'pushBlob', answer: upload },
  {
    pattern: /^\/v2\/(.+)\/blobs\/([^/]+)$/,
    operation: (method) => blobOperations[method] ?? 'openBlob',
    answer: (exchange) => (exchange.request.method === 'DELETE' ? removeBlob(exchange) : sendBlob(exchange)),
  },
  {
    pattern: /^\/v2\/(.+)\/manifests\/([^/]+)$/,
    operation: (method) => manifestOperations[method] ?? 'resolve',
    answer: (exchange) => {
      if (exchange.request.method === 'DELETE') return removeManifest(exchange);
      return exchange.request.method === 'PUT' ? storeManifest(exchange) : sendManifest(exchange);
    },
  },
  { pattern: /^\/v2\/(.+)\/tags\/(list)$/, operation: () => 'listTags', answer: sendTags },
  { pattern: /^\/v2\/(.+)\/referrers\/([^/]+)$/, operation: () => 'referrers', answer: sendReferrers },
];

const blobOperations: Readonly<Record<string, RegistryRequest['operation']>> = {
  HEAD: 'hasBlob',
  DELETE: 'delete',
};
const manifestOperations: Readonly<Record<string, RegistryRequest['operation']>> = {
  PUT: 'pushManifest',
  DELETE: 'delete',
};

async function answer(registry: MemoryRegistry, request: IncomingMessage, response: ServerResponse) {
  const url = new URL(request.url ?? '/', 'http://registry');
  const credentials = basicCredentials(request.headers.authorization);
  for (const route of routes) {
    const [, path, target] = route.pattern.exec(url.pathname) ?? [];
    if (path === undefined || target === undefined) continue;
    const operation = route.operation(request.method ?? 'GET');
    await registry.admit({ operation, path, target }, credentials);
    await route.answer({ registry, repository: registry.repository(path), request, response, url, target });
    return;
  }
  await registry.admit({ operation: 'logIn', path: '', target: '' }, credentials);
  response.end('{}');
}

function sendManifest({
  repository,
  response,
  target,
}: Pick<Exchange, 'repository' | 'response' | 'target'>) {
  const manifest = repository.findManifest(target);
  if (manifest === undefined)
    throw new OutboardError('not-found', 'manifest unknown', { code: 'MANIFEST_UNKNOWN' });
  const { mediaType, bytes } = manifest;
  response.writeHead(200, { 'content-type': mediaType, 'content-length': bytes.length });
  response.end(bytes); // not sent for HEAD
}

async function storeManifest({ repository, request, response, target }: Exchange) {
  const mediaType = request.headers['content-type'] ?? '';
  const bytes = await buffer(request);
  const digest = repository.putManifest(target, { mediaType, bytes });
  const { subject } = JSON.parse(bytes.toString());
  const listed = subject?.digest === undefined ? {} : { 'oci-subject': subject.digest };
  response.writeHead(201, { 'docker-content-digest': digest, ...listed }).end();
}

function removeManifest({ repository, response, target }: Exchange) {
  if (!repository.deleteManifest(target))
    throw new OutboardError('not-found', 'manifest unknown', { code: 'MANIFEST_UNKNOWN' });
  response.writeHead(202).end();
}

function removeBlob({ repository, response, target }: Exchange) {
  if (!repository.blobs.delete(parseDigest(target)))
    throw new OutboardError('not-found', 'blob unknown', { code: 'BLOB_UNKNOWN' });
  response.writeHead(202).end();
}

/** Two tags a page at most, so that every client has to follow links. */
function sendTags({ repository, response, url }: Exchange) {
  if (repository.manifests.size === 0)
    throw new OutboardError('not-found', 'repository name not known to registry', { code: 'NAME_UNKNOWN' });
  const last = url.searchParams.get('last') ?? '';
  const rest = [...repository.tags.keys()].toSorted().filter((tag) => tag > last);
  const tags = rest.slice(0, 2);
  const link = `<${url.pathname}?n=2&last=${tags.at(-1)}>; rel="next"`;
  response.writeHead(200, { 'content-type': 'application/json', ...(rest.length > 2 && { link }) });
  response.end(JSON.stringify({ tags }));
}

function sendReferrers({ repository, response, url, target }: Exchange) {
  const artifactType = url.searchParams.get('artifactType');
  const all = repository.referrersOf(parseDigest(target));
  const manifests = all.filter((each) => artifactType === null || each.artifactType === artifactType);
  response.writeHead(200, { 'content-type': mediaTypes.ociIndex }).end(encodeIndex(manifests));
}

function sendBlob({ repository, request, response, target }: Exchange) {
  const bytes = repository.blobs.get(parseDigest(target));
  if (bytes === undefined) throw new OutboardError('not-found', 'blob unknown', { code: 'BLOB_UNKNOWN' });
  const from = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  const part = bytes.subarray(Number(from ?? 0));
  const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
  response.writeHead(from === undefined ? 200 : 206, {
    'content-length': part.length,
    ...(from !== undefined && { 'content-range': range }),
  });
  response.end(part);
}

/** POST begins an upload or mounts a blob, PUT ends an upload. */
async function upload({ registry, repository, request, response, url }: Exchange) {
  const bytes = await buffer(request);
  if (request.method === 'POST') {
    const { mount, from = '' } = Object.fromEntries(url.searchParams);
    const known = mount && registry.repositories.get(from)?.blobs.get(parseDigest(mount));
    if (mount && known) {
      repository.putBlob(parseDigest(mount), known);
      response.writeHead(201).end();
      return;
    }
    response.writeHead(202, { location: `${url.pathname}${randomUUID()}` }).end();
    return;
  }
  const digest = parseDigest(url.searchParams.get('digest') ?? '');
  repository.putBlob(digest, bytes);
  response.writeHead(201, { 'docker-content-digest': digest }).end();
}

function basicCredentials(header: string | undefined): Login | undefined {
  const [, encoded] = /^Basic (.+)$/.exec(header ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const [username = '', ...password] = Buffer.from(encoded, 'base64').toString().split(':');
  return { username, password: password.join(':') };
}

const statuses: Partial<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  unavailable: 503,
};

function refuse(response: ServerResponse, error: unknown): void {
  if (!isOutboardError(error)) {
    response.destroy(error instanceof Error ? error : undefined);
    return;
  }
  response.writeHead(statuses[error.kind] ?? 500, {
    'content-type': 'application/json',
    ...(error.kind === 'unauthorized' && { 'www-authenticate': 'Basic realm="registry"' }),
  });
  response.end(JSON.stringify({ errors: [{ code: error.code ?? 'UNKNOWN', message: error.message }] }));
}
