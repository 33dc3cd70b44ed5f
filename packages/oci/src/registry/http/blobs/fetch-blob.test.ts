/**
 * Blobs that are fetched at once: digests, sizes, encodings and what is refused.
 */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { type Digest, digestOf } from '../../../digests/digest.ts';
import { isOutboardError } from '../../../errors/outboard-error.ts';
import { createClientUnderTest, startHostileRegistry } from '../../../testing/hostile-registry.ts';
import { blobOf } from '../../../testing/pushed-image.ts';
import { content, pull, sendBlob } from '../../../testing/served-blob.ts';

describe('openBlob()', () => {
  it('streams a blob and leaves no timer', async () => {
    const { result, requests, timers } = await pull((request, response) =>
      sendBlob(request, response, content),
    );
    assert.deepEqual(result, content);
    assert.equal(requests.length, 1);
    assert.equal(timers, 0);
  });

  it('R02 verifies sha512 as well', async () => {
    const blob = { ...blobOf(content), digest: digestOf(content, 'sha512') };
    assert.deepEqual(
      (await pull((request, response) => sendBlob(request, response, content), blob)).result,
      content,
    );
    const bad = { ...blob, digest: digestOf(Buffer.from('x'), 'sha512') };
    const { result } = await pull((request, response) => sendBlob(request, response, content), bad);
    assert.ok(isOutboardError(result, 'invalid'));
  });

  it('R01 fails before its end when the content differs', async () => {
    const other = Buffer.from(content);
    other[50_000] = (other[50_000] ?? 0) ^ 1;
    const { result } = await pull((request, response) => sendBlob(request, response, other));
    assert.ok(isOutboardError(result, 'invalid'));
    assert.match(result.message, /^content has digest sha256:[0-9a-f]{64}, want sha256:/);
  });

  const sizes: readonly [string, (response: ServerResponse) => void][] = [
    [
      'R20 a Content-Length that is short',
      (response) => response.writeHead(200, { 'content-length': 99_999 }).end(content.subarray(1)),
    ],
    [
      'R20 a Content-Length that is long',
      (response) => response.writeHead(200, { 'content-length': 100_001 }).end(Buffer.alloc(100_001)),
    ],
    [
      'R01 a body without a length that is long',
      (response) => response.writeHead(200).end(Buffer.alloc(100_001)),
    ],
  ];
  for (const [name, send] of sizes) {
    it(`refuses ${name}, at once`, async () => {
      const { result, requests } = await pull((_, response) => send(response));
      assert.ok(isOutboardError(result, 'invalid'), String(result));
      assert.equal(requests.length, 1);
    });
  }

  for (const [name, head] of [
    ['two different Content-Length headers', 'Content-Length: 5\r\nContent-Length: 6\r\n'],
    ['Content-Length beside chunked', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'],
  ] as const) {
    it(`R20 refuses ${name}`, async () => {
      const { result } = await pull(
        (request) => {
          request.socket.end(`HTTP/1.1 200 OK\r\n${head}\r\n5\r\nhello\r\n0\r\n\r\n`);
        },
        blobOf(Buffer.from('hello')),
      );
      assert.ok(isOutboardError(result), String(result));
    });
  }

  for (const size of [-1, 2 ** 53, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '12' as unknown as number]) {
    it(`R18 sends nothing for a descriptor of size ${JSON.stringify(size)}`, async () => {
      const { result, requests } = await pull(() => assert.fail('asked'), { ...blobOf(content), size });
      assert.ok(isOutboardError(result, 'invalid'));
      assert.equal(requests.length, 0);
    });
  }
  it('R18 allocates nothing for a claimed size of 2^53-1, and refuses the smaller blob', async () => {
    const { result } = await pull((request, response) => sendBlob(request, response, content), {
      ...blobOf(content),
      size: Number.MAX_SAFE_INTEGER,
    });
    assert.ok(isOutboardError(result, 'invalid'));
  });
  for (const digest of [
    'sha256:../../x',
    'md5:abc',
    `sha256:${'A'.repeat(64)}`,
    `sha256:${'a'.repeat(63)}\u0000`,
  ]) {
    it(`R02 sends nothing for digest ${JSON.stringify(digest.slice(0, 20))}`, async () => {
      const { result, requests } = await pull(() => assert.fail('asked'), {
        ...blobOf(content),
        digest: digest as Digest, // what a parser would never let through
      });
      assert.ok(isOutboardError(result, 'invalid'));
      assert.equal(requests.length, 0);
    });
  }

  it('R24 refuses an encoded blob', async () => {
    const { result } = await pull((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(content);
    });
    assert.ok(isOutboardError(result, 'invalid'));
  });

  it('fails with not-found and the name of the blob', async () => {
    const { result, requests } = await pull((_, response) => void response.writeHead(404).end());
    assert.ok(isOutboardError(result, 'not-found'));
    assert.match(result.message, /\/acme\/plugin@sha256:[0-9a-f]{64}: not found$/);
    assert.equal(requests.length, 1);
  });

  it('readBlob() sends nothing when the descriptor is over the limit', async () => {
    await using registry = await startHostileRegistry(() => assert.fail('asked'));
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry).readBlob(blobOf(content), { maxBytes: 99_999 }), {
      kind: 'invalid',
    });
  });
});
