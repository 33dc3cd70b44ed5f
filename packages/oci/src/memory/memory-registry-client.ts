/**
 * A registry client without a network: it talks to registries in memory, by the same contract as the HTTP client.
 */
import { Readable } from 'node:stream';
import type { Cancellable } from '@outboard/async';
import { digestAlgorithm, digestOf, parseDigest } from '../digests/digest.ts';
import { OutboardError } from '../errors/outboard-error.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import { isIndexMediaType, isManifestMediaType } from '../manifests/media-types.ts';
import { canonicalName } from '../references/format-reference.ts';
import { isRepositoryPath } from '../references/grammar.ts';
import type { Reference } from '../references/reference.ts';
import { checkDescriptor, parseManifestName } from '../registry/object-name.ts';
import type {
  RegistryAccess,
  RegistryClient,
  RegistryCredentials,
  Repository,
} from '../registry/registry-client.ts';
import type { MemoryRegistry, MemoryRepository, RegistryRequest } from './memory-registry.ts';

/**
 * Create a client.
 * @param registries by domain, such as `registry.test`; other domains are `unavailable`
 */
export function createMemoryRegistryClient(registries: ReadonlyMap<string, MemoryRegistry>): RegistryClient {
  function registryAt(domain: string): MemoryRegistry {
    const registry = registries.get(domain);
    if (registry !== undefined) return registry;
    throw new OutboardError('unavailable', `cannot connect to registry ${domain}: no such host`);
  }
  return {
    repository(reference, _actions = 'pull', access = {}) {
      if (!isRepositoryPath(reference.path)) {
        throw new OutboardError('invalid', `invalid repository path ${JSON.stringify(reference.path)}`);
      }
      return new RepositoryInMemory(() => registryAt(reference.domain), reference, access);
    },
    async logIn(serverAddress, credentials, { signal } = {}) {
      signal?.throwIfAborted();
      await registryAt(serverAddress).admit({ operation: 'logIn', path: '', target: '' }, credentials);
      return { identityToken: '' };
    },
    // There is no server beside the registries.
    fetchFile: async () => undefined,
    async [Symbol.asyncDispose]() {
      // It holds no connection.
    },
  };
}

class RepositoryInMemory implements Repository {
  readonly reference: Reference;
  readonly #registry: () => MemoryRegistry;
  readonly #name: string;
  readonly #credentials: RegistryCredentials | undefined;
  readonly #mountFrom: string | undefined;

  constructor(registry: () => MemoryRegistry, reference: Reference, access: RegistryAccess) {
    this.reference = reference;
    this.#registry = registry;
    this.#name = canonicalName(reference);
    this.#credentials = access.credentials;
    this.#mountFrom = access.mountFrom;
  }

  resolve: Repository['resolve'] = async (tagOrDigest, { signal } = {}) => {
    const name = parseManifestName(tagOrDigest);
    const subject = `${this.#name}${name.digest === undefined ? ':' : '@'}${name.text}`;
    const { repository } = await this.#admit('resolve', tagOrDigest, signal);
    const manifest = repository.findManifest(tagOrDigest);
    if (manifest === undefined) throw new OutboardError('not-found', `${subject}: not found`);
    const { mediaType, bytes } = manifest;
    const digest = digestOf(bytes, name.digest && digestAlgorithm(name.digest));
    if (name.digest !== undefined && digest !== name.digest) {
      throw new OutboardError('invalid', `manifest of ${subject} has digest ${digest}, want ${name.digest}`);
    }
    if (!isManifestMediaType(mediaType) && !isIndexMediaType(mediaType)) {
      throw new OutboardError('invalid', `${subject} has media type ${JSON.stringify(mediaType)}`);
    }
    return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
  };

  openBlob: Repository['openBlob'] = async (descriptor, { verify = true, offset = 0, signal } = {}) => {
    checkDescriptor(descriptor);
    if (offset !== 0 && !(offset < descriptor.size)) {
      throw new OutboardError('invalid', `cannot open ${descriptor.digest} at offset ${offset}`);
    }
    const { registry, repository } = await this.#admit('openBlob', descriptor.digest, signal);
    const bytes = repository.blobs.get(descriptor.digest);
    if (bytes === undefined) {
      throw new OutboardError('not-found', `${this.#name}@${descriptor.digest}: not found`);
    }
    if (bytes.length !== descriptor.size) {
      throw new OutboardError(
        'invalid',
        `registry has ${bytes.length} bytes of ${descriptor.digest}, want ${descriptor.size}`,
      );
    }
    const chunks = sendBlob(bytes, { descriptor, offset, verify, breakAfter: registry.breakBlobsAfter });
    const stream = Readable.from(chunks, { signal });
    // An abort may come before the consumer listens.
    stream.on('error', () => undefined);
    return stream;
  };

  readBlob: Repository['readBlob'] = async (descriptor, { maxBytes, signal }) => {
    checkDescriptor(descriptor);
    if (descriptor.size > maxBytes) {
      throw new OutboardError(
        'invalid',
        `${descriptor.digest} is too large: ${descriptor.size} bytes, want at most ${maxBytes}`,
      );
    }
    return await collect(await this.openBlob(descriptor, { signal }));
  };

  hasBlob: Repository['hasBlob'] = async (digest, { signal } = {}) => {
    const { repository } = await this.#admit('hasBlob', digest, signal);
    return repository.blobs.has(digest);
  };

  pushBlob: Repository['pushBlob'] = async (descriptor, openSource, { signal, onProgress } = {}) => {
    checkDescriptor(descriptor);
    if (await this.hasBlob(descriptor.digest, { signal })) return 'exists';
    const { registry, repository } = await this.#admit('pushBlob', descriptor.digest, signal);
    const known = this.#mountFrom && registry.repositories.get(this.#mountFrom)?.blobs.get(descriptor.digest);
    if (known && !registry.refusesMounts) {
      repository.putBlob(descriptor.digest, known);
      return 'mounted';
    }
    const chunks: Buffer[] = [];
    let sent = 0;
    for await (const chunk of (await openSource()) as AsyncIterable<Buffer>) {
      // a byte stream without an encoding
      signal?.throwIfAborted();
      chunks.push(Buffer.from(chunk)); // a source may use its memory again
      sent += chunk.length;
      onProgress?.(sent);
    }
    if (sent !== descriptor.size) {
      throw new OutboardError(
        'invalid',
        `the content of ${descriptor.digest} has ${sent} bytes, want ${descriptor.size}`,
      );
    }
    repository.putBlob(descriptor.digest, Buffer.concat(chunks));
    return 'uploaded';
  };

  pushManifest: Repository['pushManifest'] = async (tagOrDigest, { mediaType, bytes }, { signal } = {}) => {
    const name = parseManifestName(tagOrDigest);
    const { repository } = await this.#admit('pushManifest', name.text, signal);
    return repository.putManifest(name.text, { mediaType, bytes: Buffer.from(bytes) });
  };

  async *listTags({ signal }: Cancellable = {}): AsyncGenerator<string> {
    const { repository } = await this.#admit('listTags', '', signal);
    if (repository.manifests.size === 0) throw new OutboardError('not-found', `${this.#name}: not found`);
    yield* repository.tags.keys();
  }

  referrers: Repository['referrers'] = async (digest, { artifactType, signal } = {}) => {
    const { repository } = await this.#admit('referrers', digest, signal);
    const all = repository.referrersOf(parseDigest(digest));
    return all.filter((each) => artifactType === undefined || each.artifactType === artifactType);
  };

  deleteManifest: Repository['deleteManifest'] = async (tagOrDigest, { signal } = {}) => {
    const name = parseManifestName(tagOrDigest);
    const { repository } = await this.#admit('delete', name.text, signal);
    if (repository.deleteManifest(name.text)) return;
    const subject = `${this.#name}${name.digest === undefined ? ':' : '@'}${name.text}`;
    throw new OutboardError('not-found', `${subject}: not found`);
  };

  deleteBlob: Repository['deleteBlob'] = async (digest, { signal } = {}) => {
    const { repository } = await this.#admit('delete', parseDigest(digest), signal);
    if (repository.blobs.delete(digest)) return;
    throw new OutboardError('not-found', `${this.#name}@${digest}: not found`);
  };

  async #admit(
    operation: RegistryRequest['operation'],
    target: string,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly registry: MemoryRegistry; readonly repository: MemoryRepository }> {
    signal?.throwIfAborted();
    const registry = this.#registry();
    await registry.admit({ operation, path: this.reference.path, target }, this.#credentials);
    signal?.throwIfAborted();
    return { registry, repository: registry.repository(this.reference.path) };
  }
}

/** Settings of one blob download. */
interface Download {
  readonly descriptor: Descriptor;
  readonly offset: number;
  readonly verify: boolean;
  readonly breakAfter: number | undefined;
}

const chunkBytes = 64 * 1024;

async function* sendBlob(bytes: Buffer, download: Download): AsyncGenerator<Buffer> {
  const { digest, size } = download.descriptor;
  const end = Math.min(size, download.breakAfter ?? size);
  for (let at = download.offset; at < end; at += chunkBytes)
    yield bytes.subarray(at, Math.min(end, at + chunkBytes));
  if (end < size) {
    throw new OutboardError('unavailable', `${digest} broke off after ${end} of ${size} bytes`);
  }
  const actual = digestOf(bytes, digestAlgorithm(digest));
  if (download.verify && actual !== digest) {
    throw new OutboardError('invalid', `content has digest ${actual}, want ${digest}`, {
      details: { expected: digest, actual },
    });
  }
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
