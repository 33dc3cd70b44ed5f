import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLogFixture, type LogFixture, showLines } from '../testing/log-fixture.ts';
import { findTail } from './find-tail.ts';
import { LogCursor } from './log-cursor.ts';
import { endOfLog, listLogFiles, settleLogFiles } from './log-files.ts';
import type { OutputStream } from './log-record.ts';

const limits = { maxFiles: 100, maxFileBytes: 1e6, maxTotalBytes: 1e8 };
const both: ReadonlySet<OutputStream> = new Set(['stdout', 'stderr']);

async function readTail(
  log: LogFixture,
  lines: number,
  streams = both,
): Promise<{ readonly complete: readonly string[]; readonly unfinished: readonly string[] }> {
  const files = await listLogFiles(log.directory);
  const tail = await findTail(files, { lines, streams });
  const cursor = new LogCursor({ directory: log.directory, ...tail, end: endOfLog(files) });
  const complete: string[] = [];
  for (let isAtEnd = false; !isAtEnd; ) {
    const read = await cursor.read();
    complete.push(...showLines(read.lines.filter(({ stream }) => streams.has(stream))));
    isAtEnd = read.isAtEnd;
  }
  const unfinished = showLines(cursor.unfinishedLines());
  await cursor.release();
  return { complete, unfinished };
}

/** Texts that make blocks of 64 KiB begin and end at any point of a record. */
const text = fc.oneof(
  fc.constantFrom('', 'a', 'stdout F x'),
  fc.integer({ min: 0, max: 40_000 }).map((length) => 'x'.repeat(length)),
);
const step = fc.oneof(
  { weight: 10, arbitrary: fc.tuple(fc.constantFrom('stdout', 'stderr'), fc.constantFrom('F', 'P'), text) },
  { weight: 1, arbitrary: fc.constant('rotate' as const) },
);

test('the tail of any log equals the end of its full content', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 0, max: 30 }),
      async (steps, lines) => {
        const log = createLogFixture(t);
        for (const each of steps) {
          if (each === 'rotate') log.rotate();
          else log.write(each.join(' '));
          await settleLogFiles(log.directory, limits);
        }
        const all = await readTail(log, 1_000_000);
        assert.deepEqual(await readTail(log, lines), {
          complete: lines === 0 ? [] : all.complete.slice(-lines),
          unfinished: all.unfinished,
        });
        const streams = new Set(['stderr'] as const);
        const ofStderr = all.complete.filter((line) => line.startsWith('stderr'));
        assert.deepEqual(
          (await readTail(log, lines, streams)).complete,
          lines === 0 ? [] : ofStderr.slice(-lines),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('a partly written record is no line yet', async (t) => {
  const log = createLogFixture(t);
  log.write('stdout F one', 'stdout F two');
  const files = await listLogFiles(log.directory);
  const cut = files.map((file) => ({ ...file, size: file.size - 1 }));
  const { after } = await findTail(cut, { lines: 1, streams: both });
  assert.equal(after.offset, 0, 'the line that is counted is the first one');
});
