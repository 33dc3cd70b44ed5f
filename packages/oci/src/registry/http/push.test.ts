import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { withResolvers } from '@outboard/async';
import { digestOf } from '../../digests/digest.ts';
import {
  blobOf,
  createClientUnderTest,
  type HostileRegistry,
  manifestType,
  startHostileRegistry,
} from '../../testing/hostile-registry.ts';

const content = Buffer.alloc(20 * 1024 * 1024 + 5, 'outboard');
const small = Buffer.from('small');

interface Stored {
  readonly size: number;
  readonly sha256: string;
}

async function receive(request: IncomingMessage): Promise<Stored> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length; // byte stream
    hash.update(chunk);
  }
  return { size, sha256: hash.digest('hex') };
}

/** Has no blob, begins uploads at `location`, and leaves the rest to `rest`. */
async function startUploadRegistry(
  location: () => string,
  rest: (request: IncomingMessage, response: ServerResponse) => void,
  begin: Record<string, string> = {},
): Promise<HostileRegistry> {
  return await startHostileRegistry((request, response) => {
    if (request.method === 'HEAD') response.writeHead(404).end();
    else if (request.method === 'POST') response.writeHead(202, { location: location(), ...begin }).end();
    else rest(request, response);
  });
}

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

  for (const status of [405, 411, 413, 416]) {
    it(`R36 continues in chunks when the registry refuses the whole blob with ${status}`, async () => {
      const parts: { range: string | undefined; size: number }[] = [];
      let opened = 0;
      await using registry = await startUploadRegistry(
        () => '/up/1',
        async (request, response) => {
          const { size } = await receive(request);
          if (request.method === 'PATCH') {
            parts.push({ range: request.headers['content-range'], size });
            response.writeHead(202, { location: `/up/${parts.length + 1}` }).end();
          } else response.writeHead(size === 0 ? 201 : status).end();
        },
      );
      await using under = createClientUnderTest();
      await under.open(registry).pushBlob(blobOf(content), async () => {
        opened += 1;
        return Readable.from([content]);
      });
      const first = 16 * 1024 * 1024;
      assert.deepEqual(parts, [
        { range: `0-${first - 1}`, size: first },
        { range: `${first}-${content.length - 1}`, size: content.length - first },
      ]);
      assert.equal(opened, 2);
      assert.match(registry.requests.at(-1)?.url ?? '', /^\/up\/3\?digest=/);
    });
  }

  it('R36 reports a refusal that arrives before the body was read', async () => {
    let patches = 0;
    await using registry = await startUploadRegistry(
      () => '/up/1',
      async (request, response) => {
        if (request.method === 'PUT' && request.headers['content-length'] !== '0') {
          response.writeHead(413, { connection: 'close' }).end();
          return;
        }
        await receive(request);
        if (request.method === 'PATCH') patches += 1;
        response.writeHead(request.method === 'PATCH' ? 202 : 201, { location: '/up/1' }).end();
      },
    );
    await using under = createClientUnderTest();
    await under.open(registry).pushBlob(blobOf(content), async () => Readable.from([content]));
    assert.equal(patches, 2);
  });

  it('R36 goes on in chunks after a broken connection, where the registry tells that it ended', async () => {
    const parts: string[] = [];
    let got = 0;
    await using registry = await startUploadRegistry(
      () => '/up/1',
      async (request, response) => {
        if (request.method === 'GET') {
          response.writeHead(204, { range: `0-${got - 1}`, location: '/up/3' }).end();
          return;
        }
        if (request.method === 'PUT' && parts.length === 0) {
          parts.push('broken PUT');
          request.socket.destroy();
          return;
        }
        const range = request.headers['content-range'];
        parts.push(`${request.method} ${request.url?.split('?')[0]} ${range ?? ''}`.trim());
        if (range?.startsWith(`${16 * 1024 * 1024}-`) && got === 16 * 1024 * 1024) {
          got += 1_000_000; // the registry kept a part of the chunk
          request.socket.destroy();
          return;
        }
        got += (await receive(request)).size;
        response.writeHead(request.method === 'PATCH' ? 202 : 201, { location: '/up/2' }).end();
      },
    );
    await using under = createClientUnderTest();
    const reported: number[] = [];
    const how = await under.open(registry).pushBlob(blobOf(content), async () => Readable.from([content]), {
      onProgress: (bytes) => reported.push(bytes),
    });
    assert.equal(how, 'uploaded');
    const [first, last] = [16 * 1024 * 1024, content.length - 1];
    assert.deepEqual(parts, [
      'broken PUT',
      `PATCH /up/1 0-${first - 1}`,
      `PATCH /up/2 ${first}-${last}`,
      `PATCH /up/3 ${first + 1_000_000}-${last}`,
      'PUT /up/2',
    ]);
    assert.equal(got, content.length);
    assert.equal(reported.at(-1), content.length);
  });

  it('R36 begins another upload when the registry has forgotten the broken one', async () => {
    let begun = 0;
    let got = 0;
    await using registry = await startUploadRegistry(
      () => {
        begun += 1;
        got = 0;
        return `/up/${begun}`;
      },
      async (request, response) => {
        if (request.method === 'GET') response.writeHead(404).end();
        else if (begun < 3) request.socket.destroy();
        else {
          got += (await receive(request)).size;
          response.writeHead(request.method === 'PATCH' ? 202 : 201, { location: request.url }).end();
        }
      },
    );
    await using under = createClientUnderTest();
    await under.open(registry).pushBlob(blobOf(content), async () => Readable.from([content]));
    assert.deepEqual([begun, got], [3, content.length]);
  });

  it('R36 opens the source again when the registry fails midway', async () => {
    let puts = 0;
    const opened: Readable[] = [];
    await using registry = await startUploadRegistry(
      () => `/up/${puts}`,
      async (request, response) => {
        puts += 1;
        if (puts === 1) request.socket.destroy();
        else {
          await receive(request);
          response.writeHead(puts === 2 ? 503 : 201).end();
        }
      },
    );
    await using under = createClientUnderTest();
    await under.open(registry).pushBlob(blobOf(small), async () => {
      const source = Readable.from([small]);
      opened.push(source);
      return source;
    });
    assert.equal(opened.length, 3);
    assert.ok(opened.every((source) => source.destroyed));
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

  it('R16 sends the upload to another host without credentials and custom headers', async () => {
    await using storage = await startHostileRegistry(async (request, response) => {
      await receive(request);
      response.writeHead(201).end();
    });
    await using registry = await startHostileRegistry((request, response) => {
      if (request.headers.authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      } else if (request.method === 'HEAD') response.writeHead(404).end();
      else response.writeHead(202, { location: `http://${storage.host}/bucket` }).end();
    });
    await using under = createClientUnderTest();
    const access = { credentials: { username: 'gordon', password: 'hunter2' }, headers: { 'x-meta-a': 'b' } };
    await under.open(registry, access).pushBlob(blobOf(small), async () => Readable.from([small]));
    const seen = storage.requests[0];
    assert.equal(seen?.method, 'PUT');
    assert.equal(seen?.headers.authorization, undefined);
    assert.equal(seen?.headers['x-meta-a'], undefined);
  });

  for (const [location, kind] of [
    ['http://169.254.169.254/x', 'forbidden'],
    ['file:///x', 'forbidden'],
    ['http://user:pw@127.0.0.1/x', 'forbidden'],
    ['', 'invalid'],
  ] as const) {
    it(`R16 refuses the upload location ${JSON.stringify(location)}`, async () => {
      await using registry = await startUploadRegistry(
        () => location,
        () => assert.fail('sent'),
      );
      await using under = createClientUnderTest();
      const push = under.open(registry).pushBlob(blobOf(small), async () => Readable.from([small]));
      await assert.rejects(push, { kind });
    });
  }

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

describe('pushManifest()', () => {
  const bytes = Buffer.from('{"schemaVersion":2}');

  it('R36 sends the exact bytes, by tag or digest, and returns their digest', async () => {
    const bodies: string[] = [];
    await using registry = await startHostileRegistry(async (request, response) => {
      bodies.push((await receive(request)).sha256);
      response.writeHead(201, { 'docker-content-digest': digestOf(bytes) }).end();
    });
    await using under = createClientUnderTest();
    const repository = under.open(registry);
    for (const name of ['v1', digestOf(bytes)]) {
      assert.equal(await repository.pushManifest(name, { mediaType: manifestType, bytes }), digestOf(bytes));
    }
    assert.deepEqual(
      bodies.map((hex) => `sha256:${hex}`),
      [digestOf(bytes), digestOf(bytes)],
    );
    assert.equal(registry.requests[0]?.headers['content-type'], manifestType);
  });
  it('R36 refuses a registry that stored another manifest', async () => {
    await using registry = await startHostileRegistry(async (request, response) => {
      await receive(request);
      response.writeHead(201, { 'docker-content-digest': digestOf(Buffer.from('x')) }).end();
    });
    await using under = createClientUnderTest();
    await assert.rejects(under.open(registry).pushManifest('v1', { mediaType: manifestType, bytes }), {
      kind: 'invalid',
    });
  });
  it('sends nothing when the bytes do not match the digest', async () => {
    await using registry = await startHostileRegistry(() => assert.fail('sent'));
    await using under = createClientUnderTest();
    const other = digestOf(Buffer.from('x'));
    await assert.rejects(under.open(registry).pushManifest(other, { mediaType: manifestType, bytes }), {
      kind: 'invalid',
    });
  });
});
