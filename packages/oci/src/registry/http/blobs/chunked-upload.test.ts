/**
 * Uploads that go on in chunks, or begin again, after the registry refused them whole or the connection broke.
 */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { createClientUnderTest } from '../../../testing/hostile-registry.ts';
import { blobOf } from '../../../testing/pushed-image.ts';
import { receive, startUploadRegistry } from '../../../testing/upload-registry.ts';

const content = Buffer.alloc(20 * 1024 * 1024 + 5, 'outboard');
const small = Buffer.from('small');

describe('pushBlob()', () => {
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
});
