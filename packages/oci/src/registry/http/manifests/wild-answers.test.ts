/**
 * Answers to manifest requests that differ between registries: types, digests, refusals. The words of refusals are those of
 * Docker Hub, GHCR, GitLab, ECR, Harbor, Artifactory and of distribution itself.
 */
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, it } from 'node:test';
import { digestOf } from '../../../digests/digest.ts';
import { isOutboardError } from '../../../errors/outboard-error.ts';
import { mediaTypes } from '../../../manifests/media-types.ts';
import {
  createClientUnderTest,
  type Handler,
  manifestType,
  startHostileRegistry,
} from '../../../testing/hostile-registry.ts';

const bytes = Buffer.from(`{"schemaVersion":2,"mediaType":"${manifestType}"}`);
const digest = digestOf(bytes);

/** The values of each `Accept` line. */
function acceptLines({ rawHeaders }: IncomingMessage): readonly string[] {
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'accept',
  );
}

async function resolveAt(handler: Handler, name = 'v1', access = {}) {
  await using registry = await startHostileRegistry(handler);
  await using under = createClientUnderTest();
  const result = await under
    .open(registry, access)
    .resolve(name)
    .catch((error: unknown) => error);
  return { result, host: registry.host, requests: registry.requests };
}

async function mediaTypeAt(handler: Handler): Promise<string> {
  const { result } = await resolveAt(handler);
  if (result instanceof Error) throw result;
  return (result as { descriptor: { mediaType: string } }).descriptor.mediaType; // no error: a manifest
}

async function messageAt(
  handler: Handler,
  access = {},
): Promise<{ kind: string; message: string; host: string }> {
  const { result, host } = await resolveAt(handler, 'v1', access);
  assert.ok(isOutboardError(result), String(result));
  return { kind: result.kind, message: result.message, host };
}

const send =
  (headers: Record<string, string>, body: Uint8Array = bytes): Handler =>
  (_, response) =>
    void response.writeHead(200, headers).end(body);

describe('a registry that knows some types', () => {
  it('compares whole Accept lines, as distribution before 2.4', async () => {
    const schema1 = { 'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws' };
    const mediaType = await mediaTypeAt((request, response) => {
      const isKnown = acceptLines(request).includes(mediaTypes.dockerManifest);
      response.writeHead(200, isKnown ? { 'content-type': manifestType } : schema1).end(bytes);
    });
    assert.equal(mediaType, manifestType);
  });
  for (const type of [mediaTypes.ociManifest, mediaTypes.ociIndex, mediaTypes.dockerManifestList]) {
    it(`answers 404 unless ${type} is accepted`, async () => {
      const document = Buffer.from(`{"schemaVersion":2,"mediaType":"${type}"}`);
      const mediaType = await mediaTypeAt((request, response) => {
        if (request.headers.accept?.includes(type))
          response.writeHead(200, { 'content-type': type }).end(document);
        else response.writeHead(404).end();
      });
      assert.equal(mediaType, type);
    });
  }
  it('is asked for schema 2 alone after it refused the list', async () => {
    for (const refusal of [406, 415]) {
      const { result, requests } = await resolveAt((request, response) => {
        if (request.headers.accept === manifestType)
          send({ 'content-type': manifestType })(request, response);
        else response.writeHead(refusal).end();
      });
      assert.ok(!(result instanceof Error), String(result));
      assert.equal(requests.length, 2);
    }
    const { message } = await messageAt((_, response) => void response.writeHead(406).end());
    assert.match(message, /406 Not Acceptable$/);
  });
  it('R07 sends schema 1 nevertheless, and the error says what to do', async () => {
    const { kind, message } = await messageAt(
      send({ 'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws' }),
    );
    assert.equal(kind, 'invalid');
    assert.match(message, /schema 1 is out of use, push it again with a current tool$/);
  });
  for (const type of ['binary/octet-stream', 'text/json; charset=utf-8', 'TEXT/PLAIN']) {
    it(`R32 is a store of files that sends ${type}`, async () => {
      assert.equal(await mediaTypeAt(send({ 'content-type': type })), manifestType);
    });
  }
  it('is no registry, but a web page', async () => {
    const { kind, message } = await messageAt(send({ 'content-type': 'text/html; charset=utf-8' }));
    assert.equal(kind, 'invalid');
    assert.match(message, /answered with a web page, not a manifest: is there a registry at this name/);
  });
});

describe('Docker-Content-Digest', () => {
  const sha512 = digestOf(bytes, 'sha512');
  for (const [name, header] of [
    ['absent', undefined],
    ['of sha512', sha512],
    ['of an algorithm that is not known', 'blake3:abc'],
  ] as const) {
    it(`R01 may be ${name}`, async () => {
      const headers = { 'content-type': manifestType, ...(header && { 'docker-content-digest': header }) };
      const { result } = await resolveAt(send(headers));
      assert.equal((result as { descriptor: { digest: string } }).descriptor.digest, digest); // no error: a manifest
    });
  }
  it('R01 of sha512 is verified too', async () => {
    const other = digestOf(Buffer.from('other'), 'sha512');
    const headers = { 'content-type': manifestType, 'docker-content-digest': other };
    for (const name of ['v1', digest]) {
      const { result } = await resolveAt(send(headers), name);
      assert.ok(isOutboardError(result, 'invalid'));
    }
    const { result } = await resolveAt(send({ 'content-type': manifestType }), sha512);
    assert.equal((result as { descriptor: { digest: string } }).descriptor.digest, sha512); // no error: a manifest
  });
});

describe('a 404', () => {
  const refuse =
    (body: unknown, status = 404): Handler =>
    (_, response) =>
      void response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  const errors = (code: string, message: string) => ({ errors: [{ code, message }] });

  for (const body of [
    '',
    '404 page not found\n',
    errors('MANIFEST_UNKNOWN', 'manifest unknown'),
    errors('NAME_UNKNOWN', 'repository name not known to registry'),
    errors('MANIFEST_UNKNOWN', 'The named manifest is not known to the registry.'),
  ]) {
    it(`of this host's registry is Docker's "not found": ${JSON.stringify(body).slice(0, 60)}`, async () => {
      const { kind, message, host } = await messageAt(refuse(body));
      assert.equal(kind, 'not-found');
      assert.equal(message, `${host}/acme/plugin:v1: not found`);
    });
  }
  it("shows the registry's words where they say more", async () => {
    const words = "The repository with name 'acme/plugin' does not exist in the registry with id '1'";
    const { message } = await messageAt(refuse(errors('NAME_UNKNOWN', words)));
    assert.ok(message.endsWith(`:v1: not found: NAME_UNKNOWN: ${words}`), message);
  });

  /** A registry that gives tokens to everyone, and shows private repositories to nobody. */
  const secretive: Handler = (request, response) => {
    const { host, authorization } = request.headers;
    if (request.url?.startsWith('/token')) response.end('{"token":"t"}');
    else if (authorization === undefined) {
      response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${host}/token"` }).end();
    } else refuse(errors('NAME_UNKNOWN', 'repository name not known to registry'))(request, response);
  };
  it('says that the repository may be private, and that no credentials were sent', async () => {
    const { kind, message, host } = await messageAt(secretive);
    assert.equal(kind, 'not-found');
    assert.equal(
      message,
      `${host}/acme/plugin:v1: not found; it may be private: registry "${host}" was asked without credentials; to log in, type: outboard login ${host} (or docker login ${host})`,
    );
  });
  it('says nothing of logging in to someone who has', async () => {
    const { message, host } = await messageAt(secretive, {
      credentials: { username: 'gordon', password: 'hunter2' },
    });
    assert.equal(message, `${host}/acme/plugin:v1: not found`);
  });
});
