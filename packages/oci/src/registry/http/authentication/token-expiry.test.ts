/**
 * Tokens that expire between requests, in the middle of a download, and in the middle of an upload.
 */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { createClientUnderTest, type Handler } from '../../../testing/hostile-registry.ts';
import { blobOf } from '../../../testing/pushed-image.ts';
import {
  credentials,
  grantToken,
  sendManifest,
  startTokenRegistry,
} from '../../../testing/token-registry.ts';

/** Stores an upload in chunks, and refuses one that comes whole. */
function receiveChunks(size: number): Handler {
  const location = '/v2/acme/plugin/blobs/uploads/1';
  let stored = 0;
  const answer = (method: string | undefined, bytes: number): readonly [number, Record<string, string>] => {
    if (method === 'HEAD') return [404, {}];
    if (method === 'GET') return [204, { location, range: `0-${stored - 1}` }];
    if (method === 'POST') stored = 0;
    if (method === 'PATCH') stored += bytes;
    if (method !== 'PUT') return [202, { location }];
    if (bytes > 0) return [413, {}];
    return [stored === size ? 201 : 400, {}];
  };
  return (request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => response.writeHead(...answer(request.method, bytes)).end());
  };
}

describe('a token that expires', () => {
  /** Tokens are numbered; the registry takes each for a number of requests: the last one given counts for all others. */
  async function startExpiring(
    uses: readonly number[],
    serve: Handler,
    fields: Record<string, unknown> = {},
  ) {
    let issued = 0;
    let left = 0;
    const registry = await startTokenRegistry(
      (_, response) => {
        left = uses[issued] ?? uses.at(-1) ?? 0;
        issued += 1;
        grantToken(response, { token: `t${issued}`, ...fields });
      },
      { takes: (proof) => proof === `Bearer t${issued}` && left-- > 0, serve },
    );
    return Object.assign(registry, { issued: () => issued });
  }

  it('R15 is replaced in the middle of an index of many manifests', async () => {
    await using registry = await startExpiring([2], sendManifest);
    await using under = createClientUnderTest();
    const repository = under.open(registry, { credentials });
    for (let count = 0; count < 10; count++) await repository.resolve(`v${count}`);
    assert.equal(registry.issued(), 5);
  });
  it('R22 is replaced when a blob is resumed', async () => {
    const content = Buffer.alloc(3000, 'x');
    await using registry = await startExpiring([1], (request, response) => {
      const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const part = content.subarray(from);
      response.writeHead(from === 0 ? 200 : 206, {
        'content-length': part.length,
        ...(from > 0 && { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
      });
      response.write(part.subarray(0, 1000), () =>
        part.length > 1000 ? response.destroy() : response.end(),
      );
    });
    await using under = createClientUnderTest();
    const stream = await under.open(registry, { credentials }).openBlob(blobOf(content));
    assert.deepEqual(Buffer.concat(await stream.toArray()), content);
    assert.equal(registry.issued(), 3);
  });
  // Content that goes in two chunks; the requests are HEAD, POST, PUT (too large), POST, PATCH, PATCH, PUT.
  const large = Buffer.alloc(17 * 1024 * 1024, 'x');
  for (const [step, uses] of [
    ['whole upload', 2],
    ['first chunk', 4],
    ['second chunk', 5],
    ['end', 6],
  ] as const) {
    it(`R36 is replaced in the middle of an upload, at its ${step}`, async () => {
      const upload = receiveChunks(large.length);
      await using registry = await startExpiring([uses, 100], upload);
      await using under = createClientUnderTest();
      const repository = under.open(registry, { credentials });
      assert.equal(await repository.pushBlob(blobOf(large), async () => Readable.from([large])), 'uploaded');
      assert.equal(registry.issued(), 2);
    });
  }
  it('is replaced before it expires', async () => {
    await using registry = await startExpiring([9], sendManifest, { expires_in: 300 });
    await using under = createClientUnderTest();
    const repository = under.open(registry, { credentials });
    await repository.resolve('v1');
    await repository.resolve('v2');
    under.clock.advance(296_000);
    await repository.resolve('v3');
    assert.deepEqual(
      registry.requests
        .filter(({ url }) => url.startsWith('/v2/'))
        .map(({ headers }) => headers.authorization),
      [undefined, 'Bearer t1', 'Bearer t1', 'Bearer t2'],
    );
  });
});
