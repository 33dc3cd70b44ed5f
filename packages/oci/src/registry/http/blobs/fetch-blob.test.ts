import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { fromCallback } from '@outboard/async';
import { type Digest, digestOf } from '../../../digests/digest.ts';
import { isOutboardError } from '../../../errors/outboard-error.ts';
import {
  blobOf,
  createClientUnderTest,
  type Handler,
  startHostileRegistry,
} from '../../../testing/hostile-registry.ts';

const content = randomBytes(100_000);

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk); // byte stream
  return Buffer.concat(chunks);
}

function rangeStart(request: IncomingMessage): number | undefined {
  const start = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  return start === undefined ? undefined : Number(start);
}

/** Send the rest of a blob as the request asks for it, all or up to `cut`, where the connection breaks. */
function sendBlob(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  cut = bytes.length,
): void {
  const start = rangeStart(request) ?? 0;
  const range = { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
  response.writeHead(start === 0 ? 200 : 206, {
    'content-length': bytes.length - start,
    ...(start === 0 ? {} : range),
  });
  if (cut === bytes.length) response.end(bytes.subarray(start));
  else response.write(bytes.subarray(start, cut), () => response.destroy());
}

describe('openBlob()', () => {
  async function pull(handler: Handler, blob = blobOf(content)) {
    await using registry = await startHostileRegistry(handler);
    await using under = createClientUnderTest();
    const result = await under
      .open(registry)
      .openBlob(blob)
      .then(collect)
      .catch((error: unknown) => error);
    return { result, requests: registry.requests, timers: under.clock.waiting };
  }

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
      const received = await collect(await under.open(registry).openBlob(blobOf(content)));
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
    assert.deepEqual(await collect(stream), content.subarray(40_000));
    assert.deepEqual(resumed, [60_000]);
    for (const offset of [-1, 0.5, content.length]) {
      const opening = under.open(registry).openBlob(blobOf(content), { offset });
      await assert.rejects(opening, { kind: 'invalid' });
    }
  });

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

/** A server that takes what it is sent and does not answer it. */
async function startSilentServer(silent: 'answer' | 'TLS handshake') {
  const connections = new Set<Socket>();
  const reached = new EventEmitter();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on('error', () => {}); // the client leaves, as it should
    socket.on('data', (chunk) => {
      const isTls = chunk[0] === 0x16;
      if (isTls && silent === 'answer') socket.destroy();
      else if (String(chunk).startsWith('GET /v2/ '))
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      else reached.emit('stuck');
    });
  });
  await fromCallback((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    host: `127.0.0.1:${port}`,
    stuck: () => once(reached, 'stuck'),
    async [Symbol.asyncDispose]() {
      for (const socket of connections) socket.destroy();
      await fromCallback((done) => server.close(done));
    },
  };
}

/** A process that accepts no connection, and whose queue of connections is full: the next one is never established. */
async function startFullServer() {
  const program =
    'const s = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => console.log(s.address().port))';
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [text] = await once(child.stdout, 'data');
  const port = Number(text);
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  await Promise.all(fillers.slice(0, 2).map((socket) => once(socket, 'connect')));
  return {
    host: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of fillers) socket.destroy();
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

describe('a stalled registry', () => {
  it('R21 is abandoned when its connection never begins', async () => {
    await using server = await startFullServer();
    await using under = createClientUnderTest({
      retry: { attempts: 1, baseDelayMs: 1, maxDelayMs: 1, maxIdleMs: 60_000 },
    });
    let isOver = false;
    const outcome = assert.rejects(under.open(server).resolve('v1'), { kind: 'unavailable' }).finally(() => {
      isOver = true;
    });
    // HTTPS and then plain HTTP are tried.
    while (!isOver) {
      under.clock.advance(1_000);
      await setImmediate();
    }
    await outcome;
    assert.ok(under.clock.monotonicMs() >= 30_000);
    assert.equal(under.clock.waiting, 0);
  });

  it('R21 is abandoned after 30 seconds below 1 KiB/s, and the blob is resumed', async () => {
    await using registry = await startHostileRegistry((request, response) => {
      if (rangeStart(request) !== undefined) sendBlob(request, response, content);
      else response.writeHead(200).write(content.subarray(0, 100));
    });
    await using under = createClientUnderTest();
    const stream = await under.open(registry).openBlob(blobOf(content));
    await once(stream, 'readable');
    under.clock.advance(30_000);
    assert.deepEqual(await collect(stream), content);
    assert.equal(registry.requests.length, 2);
    assert.equal(under.clock.waiting, 0);
  });

  for (const silent of ['answer', 'TLS handshake'] as const) {
    it(`R21 is abandoned when its ${silent} never begins`, async () => {
      await using server = await startSilentServer(silent);
      await using under = createClientUnderTest({
        retry: { attempts: 1, baseDelayMs: 1, maxDelayMs: 1, maxIdleMs: 60_000 },
      });
      const outcome = assert.rejects(under.open(server).resolve('v1'), { kind: 'unavailable' });
      await server.stuck();
      under.clock.advance(30_000);
      if (silent === 'TLS handshake') {
        // Plain HTTP is tried next: the probe gets a response, later requests get none.
        await server.stuck();
        under.clock.advance(30_000);
      }
      await outcome;
      assert.equal(under.clock.waiting, 0);
    });
  }

  it('ends its request when the reader or the signal aborts', async () => {
    const closed: Promise<unknown>[] = [];
    await using registry = await startHostileRegistry((_, response) => {
      closed.push(once(response, 'close'));
      response.writeHead(200).write(content.subarray(0, 100));
    });
    await using under = createClientUnderTest();
    const stream = await under.open(registry).openBlob(blobOf(content));
    stream.destroy();
    await closed[0];

    const controller = new AbortController();
    const reason = new Error('left');
    const second = await under.open(registry).openBlob(blobOf(content), { signal: controller.signal });
    const failed = assert.rejects(collect(second), reason);
    controller.abort(reason);
    await failed;
    await closed[1];
    assert.equal(under.clock.waiting, 0);
  });
});
