/**
 * Registries that stall at a connection, an answer or a blob are abandoned, and requests end with their reader.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createClientUnderTest, startHostileRegistry } from '../../../testing/hostile-registry.ts';
import { blobOf } from '../../../testing/pushed-image.ts';
import { content, rangeStart, sendBlob } from '../../../testing/served-blob.ts';
import { startFullServer, startSilentServer } from '../../../testing/stalled-server.ts';

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
    assert.deepEqual(await buffer(stream), content);
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
    const failed = assert.rejects(buffer(second), reason);
    controller.abort(reason);
    await failed;
    await closed[1];
    assert.equal(under.clock.waiting, 0);
  });
});
