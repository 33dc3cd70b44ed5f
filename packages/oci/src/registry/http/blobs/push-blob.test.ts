/**
 * Blobs that are pushed at once: what is sent, what is refused, and how a push fails.
 */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { withResolvers } from '@outboard/async';
import { digestOf } from '../../../digests/digest.ts';
import { createClientUnderTest, startHostileRegistry } from '../../../testing/hostile-registry.ts';
import { blobOf } from '../../../testing/pushed-image.ts';
import { receive, type Stored, startUploadRegistry } from '../../../testing/upload-registry.ts';

const content = Buffer.alloc(20 * 1024 * 1024 + 5, 'outboard');
const small = Buffer.from('small');

describe('pushBlob()', () => {
  it('sends the blob in one request with Content-Length, and keeps the upload state', async () => {
    let stored: Stored | undefined;
    await using registry = await startUploadRegistry(
      () => '/up/1?_state=a%2Fb',
      async (request, response) => {
        stored = await receive(request);
        response.writeHead(201, { 'docker-content-digest': digestOf(content) }).end();
      },
    );
    await using under = createClientUnderTest();
    assert.equal(
      await under.open(registry).pushBlob(blobOf(content), async () => Readable.from([content])),
      'uploaded',
    );
    const put = registry.requests.at(-1);
    assert.equal(put?.url, `/up/1?_state=a%2Fb&digest=${encodeURIComponent(digestOf(content))}`);
    assert.equal(put?.headers['content-length'], String(content.length));
    assert.equal(`sha256:${stored?.sha256}`, digestOf(content));
    assert.equal(under.clock.waiting, 0);
  });

  it('R36 refuses a registry that stored another digest', async () => {
    await using registry = await startUploadRegistry(
      () => '/up/1',
      async (request, response) => {
        await receive(request);
        response.writeHead(201, { 'docker-content-digest': digestOf(Buffer.from('x')) }).end();
      },
    );
    await using under = createClientUnderTest();
    await assert.rejects(
      under.open(registry).pushBlob(blobOf(small), async () => Readable.from([small])),
      { kind: 'invalid' },
    );
  });

  it('R15 fetches a new token and sends the blob again when the token expires midway', async () => {
    let valid = 'one';
    await using registry = await startHostileRegistry(async (request, response) => {
      const { authorization, host } = request.headers;
      if (request.url?.startsWith('/token')) response.end(JSON.stringify({ token: valid }));
      else if (authorization !== `Bearer ${valid}`) {
        await receive(request);
        response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${host}/token"` }).end();
      } else if (request.method === 'HEAD') response.writeHead(404).end();
      else if (request.method === 'POST') {
        if (valid === 'one') valid = 'two';
        response.writeHead(202, { location: '/up/1' }).end();
      } else {
        await receive(request);
        response.writeHead(201).end();
      }
    });
    await using under = createClientUnderTest();
    let opened = 0;
    await under.open(registry).pushBlob(blobOf(small), async () => {
      opened += 1;
      return Readable.from([small]);
    });
    assert.equal(opened, 2);
  });

  it('R21 abandons a registry that stops reading', async () => {
    const { promise: stuck, resolve: stopped } = withResolvers<void>();
    await using registry = await startUploadRegistry(
      () => '/up/1',
      (request) => {
        request.pause();
        stopped();
      },
    );
    await using under = createClientUnderTest({
      retry: { attempts: 1, baseDelayMs: 1, maxDelayMs: 1, maxIdleMs: 60_000 },
    });
    const pieces = function* () {
      for (let at = 0; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536);
    };
    let sent = 0;
    const push = under.open(registry).pushBlob(blobOf(content), async () => Readable.from(pieces()), {
      onProgress: (bytes) => {
        sent = bytes;
      },
    });
    const outcome = assert.rejects(push, /stalled|no answer/);
    await stuck;
    // The first windows may count as progress while the socket's buffers fill; after that nothing moves.
    let isOver = false;
    void outcome.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      under.clock.advance(30_000);
      await setImmediate();
    }
    await outcome;
    assert.ok(sent < content.length);
  });

  it('throws an error of the source', async () => {
    await using registry = await startUploadRegistry(
      () => '/up/1',
      (request, response) => {
        request.resume().on('end', () => response.writeHead(201).end());
      },
    );
    await using under = createClientUnderTest();
    const lost = new Error('the disk is gone');
    const source = () =>
      new Readable({
        read() {
          this.destroy(lost);
        },
      });
    await assert.rejects(
      under.open(registry).pushBlob(blobOf(small), async () => source()),
      (error) => error === lost || (error instanceof Error && error.cause === lost),
    );
  });
});
