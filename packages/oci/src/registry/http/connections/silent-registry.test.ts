/**
 * Registries that fall silent, or demand waits, for a minute.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { createClientUnderTest, startHostileRegistry } from '../../../testing/hostile-registry.ts';
import { blobOf } from '../../../testing/pushed-image.ts';

/** Never answers requests for content. */
function fallSilent(_: IncomingMessage, _response: ServerResponse): void {}

describe('a silent registry', () => {
  it('is abandoned after a minute without a byte, and the error names the step', async () => {
    await using registry = await startHostileRegistry(fallSilent);
    await using under = createClientUnderTest();
    const failed = assert.rejects(under.open(registry).resolve('v1'), {
      kind: 'unavailable',
      message: `failed to do request: GET "http://${registry.host}/v2/acme/plugin/manifests/v1": no answer in 30 s; gave up after 2 tries and 60 s without progress`,
    });
    for (const tries of [1, 2]) {
      await registry.received(tries);
      under.clock.advance(30_000);
    }
    await failed;
    assert.equal(under.clock.waiting, 0);
  });

  it('in the middle of a blob is reported with the progress', async () => {
    const content = Buffer.alloc(4096, 'x');
    await using registry = await startHostileRegistry((_, response) => {
      response.writeHead(200).write(content.subarray(0, 100));
    });
    await using under = createClientUnderTest({
      retry: { attempts: 5, baseDelayMs: 1, maxDelayMs: 1, maxIdleMs: 30_000 },
    });
    const stream = await under.open(registry).openBlob(blobOf(content));
    const failed = assert.rejects(stream.toArray(), {
      message: new RegExp(
        `^the transfer of sha256:[0-9a-f]{64} from ${registry.host}, after 100 of 4096 bytes, stalled: 100 bytes in 30 s`,
      ),
    });
    await once(stream, 'data');
    under.clock.advance(30_000);
    await failed;
    assert.equal(under.clock.waiting, 0);
  });

  it('that does not respond to an upload is abandoned after a minute', async () => {
    await using registry = await startHostileRegistry((request, response) => {
      if (request.method === 'HEAD') response.writeHead(404).end();
      else if (request.method === 'POST') response.writeHead(202, { location: '/up' }).end();
      else request.resume();
    });
    await using under = createClientUnderTest();
    const content = Buffer.from('a blob');
    const failed = assert.rejects(
      under.open(registry).pushBlob(blobOf(content), async () => Readable.from([content])),
      { message: /PUT "http:.*\/up": no answer in 30\.001 s; gave up after 2 tries/ },
    );
    for (const requests of [3, 5]) {
      await registry.received(requests);
      under.clock.advance(30_001);
    }
    await failed;
  });

  it('that demands waits repeatedly is abandoned after a minute of waiting', async () => {
    await using registry = await startHostileRegistry((_, response) => {
      response.writeHead(429, { 'retry-after': '40' }).end();
    });
    await using under = createClientUnderTest();
    await assert.rejects(
      under.open(registry).resolve('v1'),
      /429 Too Many Requests; the registry limits requests: .*; gave up after 3 tries and 80 s/,
    );
    assert.deepEqual(under.clock.slept, [40_000, 40_000]);
  });
});
