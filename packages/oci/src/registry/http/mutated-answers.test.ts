/**
 * 2,000 answers of a registry and its token server, mutated at random and given to the client without a network: what is
 * returned has the digest that was asked for, every failure is a typed error of one line without secrets, and no other origin
 * sees a secret. `OUTBOARD_SEED` repeats a failed run.
 */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { createFakeClock } from '@outboard/async/testing';
import { digestOf } from '../../digests/digest.ts';
import { isOutboardError, OutboardError } from '../../errors/outboard-error.ts';
import { isIndexMediaType, isManifestMediaType } from '../../manifests/media-types.ts';
import { manifestType } from '../../testing/hostile-registry.ts';
import type { Answer } from '../../testing/misbehaving-registry.ts';
import { Chance, mutateAnswer } from '../../testing/mutated-answer.ts';
import { blobOf } from '../../testing/pushed-image.ts';
import { createAuthorizer, repositoryScopes } from './authentication/authorizer.ts';
import { createTokenCache } from './authentication/token-cache.ts';
import { readBlob } from './blobs/fetch-blob.ts';
import { explainFault } from './connections/connection-fault.ts';
import type { Connections, HttpResponse } from './connections/connections.ts';
import type { HttpRequest } from './connections/http-request.ts';
import { stallLimitsFor } from './connections/stall-watch.ts';
import { fetchManifest } from './manifests/fetch-manifest.ts';
import { createSession } from './session/session.ts';

const wantedAnswers = 2000;
const seed = Number(process.env.OUTBOARD_SEED ?? 20);
const hosts = { host: 'registry.example', otherHost: 'other.example' };
const config = Buffer.from('{"description":"a config"}');
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: blobOf(config),
    layers: [blobOf(config)],
  }),
);

/** The registry's own answer. */
function honest({ url, headers }: HttpRequest): Answer {
  const json = { 'content-type': 'application/json' };
  if (url.pathname === '/token') {
    return { status: 200, headers: json, body: Buffer.from('{"token":"canary-token","expires_in":60}') };
  }
  if (headers.authorization !== 'Bearer canary-token') {
    const challenge = `Bearer realm="https://${hosts.host}/token",service="s"`;
    return { status: 401, headers: { 'www-authenticate': challenge }, body: Buffer.alloc(0) };
  }
  const body = url.pathname.includes('/blobs/') ? config : manifest;
  return { status: 200, headers: { 'content-type': manifestType, 'content-length': `${body.length}` }, body };
}

/** An answer as the HTTP library would give it. */
function toResponse(request: HttpRequest, { status, headers, body, cutAt }: Answer): HttpResponse {
  const all = (name: string) => [headers[name] ?? []].flat();
  async function* content() {
    yield body.subarray(0, cutAt);
    if (cutAt !== undefined) throw Object.assign(new Error('closed'), { code: 'ECONNRESET' });
  }
  return {
    method: request.method,
    url: request.url,
    status,
    headers: { all, get: (name) => (all(name).length === 0 ? undefined : all(name).join(', ')) },
    body: Readable.from(content(), { objectMode: false }),
    explain: (error) => explainFault(request, error, 0),
  };
}

function createConnections(chance: Chance, count: () => void): Connections & { readonly leaked: string[] } {
  const leaked: string[] = [];
  return {
    leaked,
    clock: createFakeClock({ skipsSleep: true }),
    random: () => 0.5,
    stallLimits: stallLimitsFor(30_000),
    addressOf: () => '203.0.113.1',
    async exchange(request) {
      if (request.url.host !== hosts.host) {
        leaked.push(`${request.url} ${JSON.stringify(request.headers)} ${String(request.body)}`);
        return toResponse(request, { status: 200, headers: {}, body: config });
      }
      const answer = honest(request);
      if (chance.below(2) === 0) return toResponse(request, answer);
      count();
      return toResponse(request, mutateAnswer(chance, answer, hosts));
    },
    async [Symbol.asyncDispose]() {
      // It holds no connection.
    },
  };
}

const credentials = { username: 'gordon', password: 'canary-password' };

function openSession(connections: Connections) {
  const route = { verifyTls: true, reach: 'public', certificateDirectory: '' } as const;
  const base = { url: new URL(`https://${hosts.host}/`), route, trust: 'strict' } as const;
  const deps = { connections, trustedRealms: [], routeTo: () => route };
  return createSession({
    ...deps,
    endpoint: { domain: hosts.host, base: async () => base, connectionFailed: () => undefined },
    authorizer: createAuthorizer({
      ...deps,
      tokens: createTokenCache(connections.clock),
      credentials,
      repository: 'acme/plugin',
      scopes: repositoryScopes('acme/plugin', 'pull'),
    }),
    path: 'acme/plugin',
    headers: { 'x-meta-canary': 'canary-password' },
  });
}

function checkFailure(error: unknown): void {
  assert.ok(isOutboardError(error), `not a typed error: ${error instanceof Error ? error.stack : error}`);
  assert.match(error.message, /^[^\n\r\p{Cc}]{1,16000}$/u);
  assert.doesNotMatch(JSON.stringify([error.message, error.details]), /canary-/);
}

test(`R01 R09 R11 R14 R15 R20 R33 the client survives ${wantedAnswers} mutated answers`, async () => {
  const chance = new Chance(seed);
  const basic = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  const retry = { attempts: 2, baseDelayMs: 1, maxDelayMs: 1000, maxIdleMs: 60_000 };
  let mutated = 0;
  const counts = { manifests: 0, blobs: 0 };
  while (mutated < wantedAnswers) {
    const connections = createConnections(chance, () => {
      mutated += 1;
    });
    const session = openSession(connections);
    try {
      const resolved = await fetchManifest(session, 'v1', { subject: 'acme/plugin:v1', retry });
      assert.equal(resolved.descriptor.digest, digestOf(resolved.bytes));
      assert.ok(
        isManifestMediaType(resolved.descriptor.mediaType) || isIndexMediaType(resolved.descriptor.mediaType),
      );
      counts.manifests += 1;
      const bytes = await readBlob(session, blobOf(config), {
        subject: 'acme/plugin',
        retry,
        maxBytes: 1000,
      });
      assert.deepEqual(bytes, config);
      counts.blobs += 1;
    } catch (error) {
      if (!(error instanceof OutboardError)) throw error;
      checkFailure(error);
    }
    for (const seen of connections.leaked) {
      assert.ok(!seen.includes('canary') && !seen.includes(basic), `seed ${seed}: ${seen}`);
    }
  }
  assert.ok(counts.manifests > 100 && counts.blobs > 50, JSON.stringify(counts));
});
