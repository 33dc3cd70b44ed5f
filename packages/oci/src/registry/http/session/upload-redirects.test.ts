import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import {
  createClientUnderTest,
  type HostileRegistry,
  manifestType,
  startHostileRegistry,
} from '../../../testing/hostile-registry.ts';
import { blobOf } from '../../../testing/pushed-image.ts';
import { followsRedirect, isSignedUrl } from './redirect.ts';

const content = Buffer.from('the content of a blob');
const blob = blobOf(content);
const access = {
  credentials: { username: 'gordon', password: 'hunter2' },
  headers: { 'x-meta-team': 'storage' },
};
const uploads = '/v2/acme/plugin/blobs/uploads/';

/** A server that stores blobs and manifests; `bodies` are those that it received whole. */
async function startStore(): Promise<HostileRegistry & { readonly bodies: readonly string[] }> {
  const bodies: string[] = [];
  const registry = await startHostileRegistry((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method === 'PUT') bodies.push(Buffer.concat(chunks).toString());
      if (request.method === 'HEAD') response.writeHead(404).end();
      else if (request.method === 'POST') response.writeHead(202, { location: `${uploads}1` }).end();
      else response.writeHead(201).end();
    });
  });
  return Object.assign(registry, { bodies });
}

/** A registry with Basic authentication that redirects some requests. */
async function startRedirecting(
  status: number,
  methods: readonly string[],
  to: string,
): Promise<HostileRegistry> {
  return await startHostileRegistry((request, response) => {
    request.resume();
    const method = request.method ?? '';
    if (request.headers.authorization === undefined) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    } else if (methods.includes(method)) {
      response.writeHead(status, { location: `http://${to}${request.url}` }).end();
    } else if (method === 'HEAD') response.writeHead(404).end();
    else if (method === 'POST') response.writeHead(202, { location: `${uploads}1` }).end();
    else response.writeHead(201).end();
  });
}

describe('redirects of uploads', () => {
  for (const status of [307, 308]) {
    for (const methods of [['PUT'], ['POST'], ['HEAD', 'POST', 'PUT']]) {
      it(`R16 ${status} of ${methods.join(', ')} are followed with the body, and without credentials`, async () => {
        await using store = await startStore();
        await using registry = await startRedirecting(status, methods, store.host);
        await using under = createClientUnderTest();
        const repository = under.open(registry, access);
        assert.equal(await repository.pushBlob(blob, async () => Readable.from([content])), 'uploaded');
        assert.deepEqual(store.bodies, [content.toString()]);
        for (const { headers } of store.requests) {
          assert.equal(headers.authorization, undefined);
          assert.equal(headers['x-meta-team'], undefined);
        }
      });
    }
    it(`R16 ${status} of a manifest are followed`, async () => {
      await using store = await startStore();
      await using registry = await startRedirecting(status, ['PUT'], store.host);
      await using under = createClientUnderTest();
      const bytes = Buffer.from('{"schemaVersion":2}');
      await under.open(registry, access).pushManifest('v1', { mediaType: manifestType, bytes });
      assert.deepEqual(store.bodies, [bytes.toString()]);
    });
  }
  for (const status of [301, 302, 303]) {
    it(`R16 ${status} are refused, because they would turn the upload into a download`, async () => {
      await using store = await startStore();
      await using registry = await startRedirecting(status, ['POST'], store.host);
      await using under = createClientUnderTest();
      const repository = under.open(registry, access);
      await assert.rejects(
        repository.pushBlob(blob, async () => Readable.from([content])),
        {
          message: new RegExp(`${status}; the redirect to http://${store.host}${uploads} is not followed`),
        },
      );
      assert.equal(store.requests.length, 0);
    });
  }
  it('R15 a password that is demanded in the middle of an upload is sent with the whole content', async () => {
    let demands = 2;
    await using registry = await startHostileRegistry((request, response) => {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      request.on('end', () => {
        if (request.method === 'HEAD') response.writeHead(404).end();
        else if (request.method === 'POST') response.writeHead(202, { location: `${uploads}1` }).end();
        else if (demands-- > 1) response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        else response.writeHead(bytes === content.length ? 201 : 400).end();
      });
    });
    await using under = createClientUnderTest();
    let opened = 0;
    const open = async () => {
      opened += 1;
      return Readable.from([content]);
    };
    assert.equal(await under.open(registry, access).pushBlob(blob, open), 'uploaded');
    assert.equal(opened, 2);
    assert.equal(registry.requests.filter(({ method }) => method === 'POST').length, 1);
  });
});

describe('signed URLs', () => {
  for (const query of [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=abc',
    'X-Goog-Signature=abc',
    'AWSAccessKeyId=a&Signature=b%3D&Expires=1',
    'sv=2020&se=2030&sig=abc',
    'Expires=1&OSSAccessKeyId=a&Signature=b',
    'q-sign-algorithm=sha1&q-signature=abc',
  ]) {
    it(`R09 of the registry's own host get no second authorization: ${query.slice(0, 30)}`, async () => {
      await using registry = await startHostileRegistry((request, response) => {
        const isSigned = request.url?.startsWith('/storage');
        if (isSigned) {
          // As S3 does: "Only one auth mechanism allowed".
          if (request.headers.authorization === undefined) response.end(content);
          else response.writeHead(400).end();
        } else if (request.headers.authorization === undefined) {
          response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        } else response.writeHead(307, { location: `/storage?${query}` }).end();
      });
      await using under = createClientUnderTest();
      assert.deepEqual(await under.open(registry, access).readBlob(blob, { maxBytes: 100 }), content);
      assert.ok(isSignedUrl(new URL(`https://x/?${query}`)));
    });
  }
  it('are not taken for others', () => {
    for (const query of ['_state=abc', 'signed=1', 'token=x', 'design=x', 'digest=sha256:x']) {
      assert.ok(!isSignedUrl(new URL(`https://x/?${query}`)), query);
    }
  });
});

describe('followsRedirect()', () => {
  for (const [method, status, canRepeat, follows] of [
    ['GET', 301, false, true],
    ['HEAD', 307, false, true],
    ['GET', 304, true, false],
    ['GET', 300, true, false],
    ['PUT', 308, true, true],
    ['PUT', 307, false, false],
    ['PATCH', 302, true, false],
    ['DELETE', 307, true, true],
  ] as const) {
    it(`${follows ? 'follows' : 'does not follow'} ${status} of ${method}${canRepeat ? '' : ', body sent once'}`, () =>
      assert.equal(followsRedirect(method, status, canRepeat), follows));
  }
});
