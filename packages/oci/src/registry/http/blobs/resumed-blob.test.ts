/**
 * Blobs that are resumed after a break, or begin at an offset.
 */
import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { isOutboardError } from '../../../errors/outboard-error.ts';
import {
  createClientUnderTest,
  type Handler,
  startHostileRegistry,
} from '../../../testing/hostile-registry.ts';
import { blobOf } from '../../../testing/pushed-image.ts';
import { content, pull, rangeStart, sendBlob } from '../../../testing/served-blob.ts';

describe('openBlob()', () => {
  it('R22 resumes a small blob after a break at any byte', async () => {
    const small = content.subarray(0, 24);
    for (let cut = 0; cut < small.length; cut++) {
      let isFirst = true;
      const { result, requests } = await pull((request, response) => {
        sendBlob(request, response, small, isFirst ? cut : small.length);
        isFirst = false;
      }, blobOf(small));
      assert.deepEqual(result, small, `cut at ${cut}: ${result}`);
      assert.deepEqual(
        requests.map(({ headers }) => headers.range),
        [undefined, cut === 0 ? undefined : `bytes=${cut}-`],
      );
    }
  });

  it('R22 resumes a large blob after a break at any of 50 random bytes', async () => {
    let cut: number | undefined;
    await using registry = await startHostileRegistry((request, response) => {
      const end = rangeStart(request) === undefined ? cut : undefined;
      sendBlob(request, response, content, end);
    });
    await using under = createClientUnderTest();
    for (let count = 0; count < 50; count++) {
      cut = randomInt(1, content.length);
      const received = await buffer(await under.open(registry).openBlob(blobOf(content)));
      assert.ok(received.equals(content), `cut at ${cut}`);
      assert.equal(registry.requests.at(-1)?.headers.range, `bytes=${cut}-`);
    }
  });

  it('R22 resumes a large blob after repeated breaks, as long as there is progress', async () => {
    const large = randomBytes(9 * 1024 * 1024);
    const step = 1024 * 1024 + 4321;
    const { result, requests } = await pull((request, response) => {
      const start = rangeStart(request) ?? 0;
      sendBlob(request, response, large, Math.min(large.length, start + step));
    }, blobOf(large));
    assert.ok(Buffer.isBuffer(result) && result.equals(large), String(result).slice(0, 200));
    assert.equal(requests.length, 9);
  });

  it('R22 fails after five breaks without progress', async () => {
    const { result, requests } = await pull((request, response) =>
      sendBlob(request, response, content, rangeStart(request) ?? 10),
    );
    assert.ok(isOutboardError(result, 'unavailable'), String(result));
    assert.equal(requests.length, 5);
  });

  it('R22 resumes a response without Content-Length that ended early', async () => {
    const { result } = await pull((request, response) => {
      if (rangeStart(request) === undefined) response.writeHead(200).end(content.subarray(0, 777));
      else sendBlob(request, response, content);
    });
    assert.deepEqual(result, content);
  });

  const resumptions: readonly [string, Handler, number][] = [
    ['ignores the range and sends all', (_, response) => void response.writeHead(200).end(content), 2],
    [
      'answers 416',
      (request, response) => {
        if (rangeStart(request) === undefined) response.end(content);
        else response.writeHead(416).end();
      },
      3,
    ],
    [
      'answers with another range',
      (request, response) => {
        if (rangeStart(request) === undefined) response.end(content);
        else response.writeHead(206, { 'content-range': 'bytes 0-99999/100000' }).end(content);
      },
      3,
    ],
    [
      'answers 206 without Content-Range',
      (request, response) => {
        if (rangeStart(request) === undefined) response.end(content);
        else response.writeHead(206).end(content.subarray(500));
      },
      3,
    ],
  ];
  for (const [name, second, count] of resumptions) {
    it(`R23 completes the blob when the registry ${name} on resumption`, async () => {
      let first = true;
      const { result, requests } = await pull((request, response) => {
        if (first) sendBlob(request, response, content, 500);
        else second(request, response);
        first = false;
      });
      assert.deepEqual(result, content, String(result).slice(0, 200));
      assert.equal(requests.length, count);
    });
  }

  it('R23 refuses a resumed part of other content, as content that changed', async () => {
    const { result } = await pull((request, response) => {
      if (rangeStart(request) === undefined) sendBlob(request, response, content, 500);
      else sendBlob(request, response, Buffer.alloc(content.length));
    });
    assert.ok(isOutboardError(result, 'invalid'));
    assert.equal(result.code, 'content-changed');
  });

  for (const [tag, isSame] of [
    ['"2"', false],
    ['"1"', true],
    ['W/"2"', true],
  ] as const) {
    it(`R23 ${isSame ? 'completes' : 'refuses at once'} a resumed part with the entity tag ${tag} after "1"`, async () => {
      const { result, requests } = await pull((request, response) => {
        const isFirst = rangeStart(request) === undefined;
        response.setHeader('etag', isFirst ? '"1"' : tag);
        sendBlob(request, response, content, isFirst ? 500 : content.length);
      });
      if (isSame) assert.deepEqual(result, content);
      else assert.ok(isOutboardError(result, 'invalid') && result.code === 'content-changed', String(result));
      assert.equal(requests.length, 2);
    });
  }

  it('R23 readBlob() fetches a blob once more that changed while it was resumed', async () => {
    let count = 0;
    await using registry = await startHostileRegistry((request, response) => {
      count += 1;
      const bytes = count === 2 ? Buffer.alloc(content.length) : content;
      sendBlob(request, response, bytes, count === 1 ? 500 : content.length);
    });
    await using under = createClientUnderTest();
    const blob = under.open(registry).readBlob(blobOf(content), { maxBytes: 200_000 });
    assert.deepEqual(await blob, content);
    assert.deepEqual(
      registry.requests.map(({ headers }) => headers.range),
      [undefined, 'bytes=500-', undefined],
    );
  });

  it('R22 openBlob() begins at an offset, and tells of each resumption', async () => {
    await using registry = await startHostileRegistry((request, response) => {
      sendBlob(request, response, content, rangeStart(request) === 40_000 ? 60_000 : content.length);
    });
    await using under = createClientUnderTest();
    const resumed: number[] = [];
    const stream = await under.open(registry).openBlob(blobOf(content), {
      offset: 40_000,
      onResume: (offset) => resumed.push(offset),
    });
    assert.deepEqual(await buffer(stream), content.subarray(40_000));
    assert.deepEqual(resumed, [60_000]);
    for (const offset of [-1, 0.5, content.length]) {
      const opening = under.open(registry).openBlob(blobOf(content), { offset });
      await assert.rejects(opening, { kind: 'invalid' });
    }
  });
});
