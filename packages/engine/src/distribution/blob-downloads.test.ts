import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { type BlobFetcher, digestOf, mediaTypes } from '@outboard/oci';
import { createMemoryContentStore } from '@outboard/oci/memory';
import { type BlobDownload, createBlobDownloads } from './blob-downloads.ts';

const bytes = Buffer.from('the content of a layer');
const blob = { mediaType: mediaTypes.dockerLayer, digest: digestOf(bytes), size: bytes.length };
const half = 10;

/** A stream that a test fills. */
interface SentBlob {
  readonly offset: number;
  readonly stream: Readable;
  send(chunk: Buffer): void;
  end(chunk: Buffer): void;
}

/** Downloads into an empty store, from a registry whose streams are filled by hand. */
function createSubject() {
  const requests = new EventEmitter();
  const from: BlobFetcher = {
    async openBlob(_, { offset = 0 } = {}) {
      const stream = new Readable({ read() {} });
      const send = (chunk: Buffer) => void stream.push(chunk);
      const end = (chunk: Buffer) => {
        stream.push(chunk);
        stream.push(null);
      };
      requests.emit('request', { offset, stream, send, end } satisfies SentBlob);
      return stream;
    },
    readBlob: () => assert.fail('not asked for'),
  };
  const content = createMemoryContentStore();
  const downloads = createBlobDownloads(content);
  let count = 0;
  requests.on('request', () => {
    count += 1;
  });
  return {
    content,
    join: (source = 'registry.test/acme/plugin') => downloads.join({ blob, from, source }),
    requested: async (): Promise<SentBlob> => (await once(requests, 'request'))[0],
    count: () => count,
  };
}

type Subject = ReturnType<typeof createSubject>;

/** Receive the first bytes, and leave. @returns the stream that was left */
async function interrupt({ join, requested }: Subject, start = bytes.subarray(0, half)): Promise<Readable> {
  await using download = join();
  const sent = await requested();
  const arrivals = new EventEmitter();
  download.onProgress(() => arrivals.emit('progress'));
  const arrived = once(arrivals, 'progress');
  sent.send(start);
  await arrived;
  return sent.stream;
}

async function complete(download: BlobDownload, sent: SentBlob): Promise<void> {
  sent.end(bytes.subarray(sent.offset));
  await download.stored;
}

describe('a shared download', () => {
  it('R35 fetches a blob once for two operations, and each reads all of it', async () => {
    const subject = createSubject();
    await using first = subject.join();
    await using second = subject.join();
    const reading = [buffer(first.read()), buffer(second.read())];
    await complete(first, await subject.requested());
    await second.stored;
    for (const read of await Promise.all(reading)) assert.deepEqual(read, bytes);
    assert.equal(subject.count(), 1);
    assert.deepEqual(subject.content.digests, [blob.digest]);
    assert.deepEqual(await buffer(second.read()), bytes, 'read once more');
  });

  it('R35 goes on for the second operation when the first one leaves', async () => {
    const subject = createSubject();
    const first = subject.join();
    await using second = subject.join();
    const sent = await subject.requested();
    await first[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    await complete(second, sent);
    assert.equal(second.isStored, true);
    assert.deepEqual(await buffer(second.read()), bytes);
  });

  it('R22 ends when the last operation leaves, and the next one goes on where it ended', async () => {
    const subject = createSubject();
    const left = await interrupt(subject);
    assert.equal(left.destroyed, true);
    assert.equal(subject.content.openIngests, 0);
    await using download = subject.join();
    const reading = buffer(download.read());
    const sent = await subject.requested();
    assert.equal(sent.offset, half);
    assert.equal(download.wasResumed, true);
    await complete(download, sent);
    assert.deepEqual(await reading, bytes);
  });

  it('R23 drops parts that do not fit together, and the next download begins anew', async () => {
    const subject = createSubject();
    await interrupt(subject, Buffer.alloc(half, 'x'));
    {
      await using changed = subject.join();
      const reading = assert.rejects(buffer(changed.read()), { code: 'content-changed' });
      const completing = complete(changed, await subject.requested());
      await assert.rejects(completing, { kind: 'invalid', code: 'content-changed' });
      await reading;
    }
    await using clean = subject.join();
    const sent = await subject.requested();
    assert.equal(sent.offset, 0);
    await complete(clean, sent);
  });

  it('R01 refuses other content than that of the digest, and keeps none of it', async () => {
    const subject = createSubject();
    {
      await using download = subject.join();
      const sent = await subject.requested();
      sent.end(Buffer.alloc(blob.size));
      await assert.rejects(download.stored, { kind: 'invalid', code: undefined });
    }
    assert.deepEqual(await subject.content.sweepIngests({ all: true }), { count: 0, bytes: 0 });
  });

  it('is not shared with another repository, whose registry may hold it up', async () => {
    const subject = createSubject();
    await using _stuck = subject.join('other.test/acme/plugin');
    await subject.requested();
    await using download = subject.join();
    await complete(download, await subject.requested());
    assert.equal(subject.count(), 2);
  });

  it('R35 is not begun for a blob that was stored meanwhile', async () => {
    const subject = createSubject();
    await subject.content.write(bytes);
    await using download = subject.join();
    await download.stored;
    assert.deepEqual(await buffer(download.read()), bytes);
    assert.equal(subject.count(), 0);
  });

  it('is refused when the store has no space for it', async () => {
    const content = createMemoryContentStore({ maxBytes: blob.size - 1 });
    const from = { openBlob: () => assert.fail('asked'), readBlob: () => assert.fail('asked') };
    await using download = createBlobDownloads(content).join({ blob, from, source: 'registry.test/x' });
    const reading = assert.rejects(buffer(download.read()), { code: 'no-space' });
    await assert.rejects(download.stored, { code: 'no-space' });
    await reading;
  });
});
