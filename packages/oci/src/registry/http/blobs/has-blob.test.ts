/**
 * Registries that refuse HEAD of a blob.
 */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { digestOf } from '../../../digests/digest.ts';
import { createClientUnderTest, startHostileRegistry } from '../../../testing/hostile-registry.ts';
import { blobOf } from '../../../testing/pushed-image.ts';

describe('hasBlob()', () => {
  for (const refusal of [403, 405]) {
    it(`is true when HEAD is refused with ${refusal} and GET succeeds`, async () => {
      await using registry = await startHostileRegistry((request, response) => {
        if (request.method === 'HEAD') response.writeHead(refusal).end();
        else response.writeHead(206, { 'content-range': 'bytes 0-0/5' }).end('c');
      });
      await using under = createClientUnderTest();
      assert.equal(await under.open(registry).hasBlob(digestOf(Buffer.from('c'))), true);
      assert.equal(registry.requests.at(-1)?.headers.range, 'bytes=0-0');
    });
    for (const onGet of [403, 404, 405]) {
      it(`lets pushBlob() upload when HEAD is refused with ${refusal} and GET with ${onGet}`, async () => {
        await using registry = await startHostileRegistry((request, response) => {
          if (request.method === 'HEAD') response.writeHead(refusal).end();
          else if (request.method === 'GET') response.writeHead(onGet).end();
          else if (request.method === 'POST') response.writeHead(202, { location: '/up' }).end();
          else request.resume().on('end', () => response.writeHead(201).end());
        });
        await using under = createClientUnderTest();
        const content = Buffer.from('a blob');
        const outcome = await under
          .open(registry)
          .pushBlob(blobOf(content), async () => Readable.from([content]));
        assert.equal(outcome, 'uploaded');
      });
    }
  }
});
