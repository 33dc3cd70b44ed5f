import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { createFakeClock } from '@outboard/async/testing';
import { type BlobFetcher, digestOf, mediaTypes, type OpenBlobOptions, OutboardError } from '@outboard/oci';
import { createMemoryContentStore } from '@outboard/oci/memory';
import type { BlobDownload } from './blob-download.ts';
import { createBlobDownloads } from './blob-downloads.ts';

const bytes = Buffer.from('the content of a layer');
const blob = { mediaType: mediaTypes.dockerLayer, digest: digestOf(bytes), size: bytes.length };
const half = 10;
const here = 'registry.test/acme/plugin';
const there = 'other.test/acme/plugin';

/** A stream that a test fills. */
interface SentBlob {
  readonly offset: number;
  readonly stream: Readable;
  readonly onMirror: OpenBlobOptions['onMirror'];
  send(chunk: Buffer): void;
  end(chunk: Buffer): void;
}

/** Downloads into an empty store, from registries whose streams are filled by hand. */
function createSubject() {
  const requests = new EventEmitter();
  const asked: string[] = [];
  const fetcher = (source: string): BlobFetcher => ({
    async openBlob(_, { offset = 0, onMirror } = {}) {
      const stream = new Readable({ read() {} });
      const send = (chunk: Buffer) => void stream.push(chunk);
      const end = (chunk: Buffer) => {
        stream.push(chunk);
        stream.push(null);
      };
      asked.push(`${source} from ${offset}`);
      requests.emit('request', { offset, stream, send, end, onMirror } satisfies SentBlob);
      return stream;
    },
    readBlob: () => assert.fail('not asked for'),
  });
  const content = createMemoryContentStore();
  const clock = createFakeClock();
  const downloads = createBlobDownloads(content, { clock });
  return {
    content,
    clock,
    asked,
    join: (source = here, from = fetcher(source)) => downloads.join({ blob, from, source }),
    requested: async (): Promise<SentBlob> => (await once(requests, 'request'))[0],
  };
}

/** A registry that refuses, once it is told to. */
function refusing(kind: 'unavailable' | 'unauthorized') {
  const asked = new EventEmitter();
  const from: BlobFetcher = {
    async openBlob() {
      const refuse = once(asked, 'refuse');
      asked.emit('request');
      await refuse;
      throw new OutboardError(kind, `${kind} here`);
    },
    readBlob: () => assert.fail('not asked for'),
  };
  return { from, requested: () => once(asked, 'request'), refuse: () => void asked.emit('refuse') };
}

type Subject = ReturnType<typeof createSubject>;

/** Receive the first bytes, and leave. @returns the stream that was left */
async function interrupt(subject: Subject, start = bytes.subarray(0, half)): Promise<Readable> {
  await using download = subject.join();
  const sent = await subject.requested();
  await receive(download, sent, start);
  return sent.stream;
}

async function receive(
  download: BlobDownload,
  sent: SentBlob,
  start = bytes.subarray(0, half),
): Promise<void> {
  const arrivals = new EventEmitter();
  download.onProgress(() => arrivals.emit('progress'));
  const arrived = once(arrivals, 'progress');
  sent.send(start);
  await arrived;
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
    assert.deepEqual(subject.asked, [`${here} from 0`]);
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
    assert.equal(download.isUnproven, true);
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

  it('R35 is shared by two repositories, and each of their operations reads all of it', async () => {
    const subject = createSubject();
    await using first = subject.join(here);
    const sent = await subject.requested();
    await using second = subject.join(there);
    const reading = buffer(second.read());
    await complete(first, sent);
    await second.stored;
    assert.deepEqual(await reading, bytes);
    assert.deepEqual(subject.asked, [`${here} from 0`]);
  });

  it('R35 goes on at the other repository when the first one goes down, from where it ended', async () => {
    const subject = createSubject();
    await using first = subject.join(here);
    const broken = await subject.requested();
    await using alike = subject.join(here);
    await using second = subject.join(there);
    await receive(first, broken);
    const next = subject.requested();
    broken.stream.destroy(new OutboardError('unavailable', 'the line is cut'));
    for (const { stored } of [first, alike]) await assert.rejects(stored, { message: 'the line is cut' });
    const reading = buffer(second.read());
    await complete(second, await next);
    assert.deepEqual(await reading, bytes);
    assert.deepEqual(subject.asked, [`${here} from 0`, `${there} from ${half}`]);
  });

  it('R35 goes on with the credentials of the second operation when those of the first are refused', async () => {
    const subject = createSubject();
    const refused = refusing('unauthorized');
    const asked = refused.requested();
    await using first = subject.join(here, refused.from);
    await asked;
    await using second = subject.join(here);
    const next = subject.requested();
    refused.refuse();
    await assert.rejects(first.stored, { kind: 'unauthorized' });
    await complete(second, await next);
  });

  it('R35 ends with the error of the last repository when all fail, and keeps what is there', async () => {
    const subject = createSubject();
    {
      await using first = subject.join(here);
      const sent = await subject.requested();
      await receive(first, sent);
      const down = refusing('unavailable');
      await using second = subject.join(there, down.from);
      const asked = down.requested();
      sent.stream.destroy(new OutboardError('not-found', 'gone'));
      await asked;
      down.refuse();
      await assert.rejects(first.stored, { message: 'gone' });
      await assert.rejects(second.stored, { message: 'unavailable here' });
    }
    await using again = subject.join(here);
    assert.equal((await subject.requested()).offset, half);
    await again[Symbol.asyncDispose]();
  });

  it('R21 leaves a repository that is slow for another one that waits, and comes back when that one fails', async () => {
    const subject = createSubject();
    await using first = subject.join(here);
    const slow = await subject.requested();
    await receive(first, slow);
    subject.clock.advance(10_000); // nobody else waits
    assert.equal(slow.stream.destroyed, false);
    const down = refusing('unavailable');
    await using second = subject.join(there, down.from);
    const asked = down.requested();
    subject.clock.advance(10_000);
    await asked;
    assert.equal(slow.stream.destroyed, true);
    const next = subject.requested();
    down.refuse();
    await assert.rejects(second.stored, { message: 'unavailable here' });
    const sent = await next;
    subject.clock.advance(10_000); // no other is left
    await complete(first, sent);
    assert.deepEqual(subject.asked, [`${here} from 0`, `${here} from ${half}`]);
  });

  it('R01 does not let the wrong content of one repository end the download of another one twice', async () => {
    const subject = createSubject();
    {
      await using bad = subject.join(there);
      const sent = await subject.requested();
      await using good = subject.join(here);
      const settled = Promise.allSettled([bad.stored, good.stored]);
      sent.end(Buffer.alloc(blob.size));
      const [first, second] = (await settled).map((each) =>
        each.status === 'rejected' ? each.reason : each,
      );
      assert.deepEqual([first.kind, first.code], ['invalid', undefined]);
      assert.deepEqual([second.kind, second.code], ['invalid', 'content-changed']);
    }
    await using bad = subject.join(there);
    const wrong = await subject.requested();
    await using good = subject.join(here);
    const right = await subject.requested();
    const refused = assert.rejects(bad.stored, { kind: 'invalid' });
    wrong.end(Buffer.alloc(blob.size));
    await refused;
    await complete(good, right);
  });

  it('R01 reports wrong content of a mirror, and that a new download may be right', async () => {
    const subject = createSubject();
    await using download = subject.join();
    const sent = await subject.requested();
    const reports: unknown[] = [];
    sent.onMirror?.((error) => reports.push(error));
    sent.end(Buffer.alloc(blob.size));
    await assert.rejects(download.stored, { kind: 'invalid', code: 'content-changed' });
    assert.equal(reports.length, 1);
  });

  it('R35 is not begun for a blob that was stored meanwhile', async () => {
    const subject = createSubject();
    await subject.content.write(bytes);
    await using download = subject.join();
    await download.stored;
    assert.deepEqual(await buffer(download.read()), bytes);
    assert.deepEqual(subject.asked, []);
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
