import assert from 'node:assert/strict';
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogFixture, showLines } from '../testing/log-fixture.ts';
import { LogCursor } from './log-cursor.ts';
import { endOfLog, listLogFiles, settleLogFiles } from './log-files.ts';

const limits = { maxFiles: 2, maxFileBytes: 1e6, maxTotalBytes: 2e6 };
const start = { file: 1, offset: 0 };

/** Read all lines up to the current end. */
async function readAll(cursor: LogCursor): Promise<readonly string[]> {
  const lines: string[] = [];
  for (let isAtEnd = false; !isAtEnd; ) {
    const read = await cursor.read();
    lines.push(...showLines(read.lines));
    isAtEnd = read.isAtEnd;
  }
  return lines;
}

test('a cursor reads from file to file, with lines that begin in one and end in the next', async (t) => {
  const log = createLogFixture(t);
  const cursor = new LogCursor({ directory: log.directory, start });
  t.after(() => cursor.release());
  assert.deepEqual(await readAll(cursor), [], 'a log that has not begun');
  log.write('stdout F one', 'stdout P tw');
  assert.deepEqual(await readAll(cursor), ['stdout one']);
  await settleLogFiles(log.directory, limits);
  log.write('stderr F between');
  log.rotate();
  log.write('stdout F o', 'stdout F three');
  assert.deepEqual(await readAll(cursor), ['stderr between', 'stdout two', 'stdout three']);
});

test('a partly written record is read when it is complete', async (t) => {
  const log = createLogFixture(t);
  const cursor = new LogCursor({ directory: log.directory, start });
  t.after(() => cursor.release());
  log.write('stdout F one');
  const path = join(log.directory, 'log');
  appendFileSync(path, '2026-01-31T12:00:00.000000000+00:00 stdo');
  assert.deepEqual(await readAll(cursor), ['stdout one']);
  appendFileSync(path, 'ut F two\n');
  assert.deepEqual(await readAll(cursor), ['stdout two']);
});

test('a cursor at the end reads the remainder of a file that is replaced and removed', async (t) => {
  const log = createLogFixture(t);
  const cursor = new LogCursor({ directory: log.directory, start });
  t.after(() => cursor.release());
  log.write('stdout F one');
  await settleLogFiles(log.directory, { ...limits, maxFiles: 1 });
  assert.deepEqual(await readAll(cursor), ['stdout one']);
  log.write('stdout F two');
  log.rotate();
  log.write('stdout F three');
  await settleLogFiles(log.directory, { ...limits, maxFiles: 1 });
  assert.deepEqual(await readAll(cursor), ['stdout two', 'stdout three']);
});

test('a cursor reports removed output, and never skips it silently', async (t) => {
  const log = createLogFixture(t);
  log.write(`stdout F ${'x'.repeat(300_000)}`, 'stdout F one');
  await settleLogFiles(log.directory, limits);
  const cursor = new LogCursor({ directory: log.directory, start });
  t.after(() => cursor.release());
  await cursor.read();
  await cursor.release();
  log.rotate();
  await settleLogFiles(log.directory, { ...limits, maxFiles: 1 });
  await assert.rejects(readAll(cursor), { kind: 'unavailable', code: 'log-removed' });
});

test('a cursor detects that another file got the number of the one it reads', async (t) => {
  const log = createLogFixture(t);
  log.write(`stdout F ${'x'.repeat(300_000)}`);
  const cursor = new LogCursor({ directory: log.directory, start });
  t.after(() => cursor.release());
  await cursor.read();
  await cursor.release();
  log.rotate();
  log.write(`stdout F ${'y'.repeat(300_000)}`);
  await assert.rejects(readAll(cursor), { code: 'log-removed' });
});

test('a cursor with an end stops there, whatever is written meanwhile', async (t) => {
  const log = createLogFixture(t);
  log.write('stdout F one', 'stdout P half');
  const end = endOfLog(await listLogFiles(log.directory));
  const cursor = new LogCursor({ directory: log.directory, start, end });
  t.after(() => cursor.release());
  log.write('stdout F two');
  assert.deepEqual(await readAll(cursor), ['stdout one']);
  assert.deepEqual(showLines(cursor.unfinishedLines()), ['stdout half…']);
});

test('a record of many megabytes is discarded, and the next one is read', async (t) => {
  const log = createLogFixture(t);
  log.write(`stdout F ${'x'.repeat(5_000_000)}`, 'stdout F end');
  const cursor = new LogCursor({ directory: log.directory, start });
  t.after(() => cursor.release());
  assert.deepEqual((await readAll(cursor)).at(-1), 'stdout end');
  rmSync(log.directory, { recursive: true });
});
