import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogFixture, type LogFixture, showLines } from '../testing/log-fixture.ts';
import { settleLogFiles } from './log-files.ts';
import { parseTimestamp } from './log-record.ts';
import { type LogQuery, readLog } from './read-log.ts';

const never = new AbortController().signal;

function writeAt(log: LogFixture, time: string, record: string): void {
  appendFileSync(join(log.directory, 'log'), `${time} ${record}\n`);
}

async function read(log: LogFixture, query: LogQuery, signal = never): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const group of readLog(log.directory, query, signal)) lines.push(...showLines(group));
  return lines;
}

test('since and until are both inclusive, to the nanosecond, and tail counts before them', async (t) => {
  const log = createLogFixture(t);
  writeAt(log, '2026-01-31T12:00:00.000000001+00:00', 'stdout F one');
  writeAt(log, '2026-01-31T13:00:00.000000002+01:00', 'stderr F two');
  writeAt(log, '2026-01-31T12:00:00.000000003+00:00', 'stdout F three');
  const second = parseTimestamp('2026-01-31T12:00:00Z') ?? 0n;
  assert.deepEqual(await read(log, { sinceNano: second + 2n }), ['stderr two', 'stdout three']);
  assert.deepEqual(await read(log, { untilNano: second + 2n }), ['stdout one', 'stderr two']);
  assert.deepEqual(await read(log, { sinceNano: second + 2n, untilNano: second + 2n }), ['stderr two']);
  assert.deepEqual(await read(log, { tail: 2, untilNano: second + 2n }), ['stderr two']);
  assert.deepEqual(await read(log, { tail: 1, streams: ['stderr'] }), ['stderr two']);
  assert.deepEqual(await read(log, { tail: 0 }), []);
});

test('a log that does not exist is empty, and is followed from its beginning', async (t) => {
  const log = createLogFixture(t);
  assert.deepEqual(await read({ ...log, directory: join(log.directory, 'absent') }, {}), []);
  const groups = readLog(log.directory, { follow: true }, never);
  const first = groups.next();
  log.write('stdout F one');
  const { value } = await first;
  assert.deepEqual(showLines(value ?? []), ['stdout one']);
  await groups.return();
});

test('a followed log ends at a time in the past, and at one in the future', async (t) => {
  const log = createLogFixture(t);
  log.write('stdout F one');
  const now = BigInt(Date.now()) * 1_000_000n;
  assert.deepEqual(await read(log, { follow: true, untilNano: now }), ['stdout one']);
  assert.deepEqual(await read(log, { follow: true, untilNano: now + 150_000_000n }), ['stdout one']);
});

test('a followed log ends at once with the reason of its signal', async (t) => {
  const log = createLogFixture(t);
  const scope = new AbortController();
  const reading = read(log, { follow: true }, scope.signal);
  scope.abort(new Error('enough'));
  await assert.rejects(reading, /enough/);
  await assert.rejects(read(log, { follow: true }, scope.signal), /enough/);
});

test('a followed log ends, complete, when its directory is removed', async (t) => {
  const log = createLogFixture(t);
  log.write('stdout F one', 'stderr P half');
  const groups = readLog(log.directory, { follow: true }, never);
  await groups.next();
  const next = groups.next();
  rmSync(log.directory, { recursive: true });
  assert.deepEqual(showLines((await next).value ?? []), ['stderr half…']);
  assert.equal((await groups.next()).done, true);
  mkdirSync(log.directory);
});

test('a slow follower gets a note about missed output, and continues', async (t) => {
  const log = createLogFixture(t);
  const limits = { maxFiles: 2, maxFileBytes: 1e6, maxTotalBytes: 2e6 };
  const groups = readLog(log.directory, { follow: true, streams: ['stdout'] }, never);
  t.after(() => groups.return());
  const first = groups.next();
  log.write('stdout F one', `stdout F ${'x'.repeat(300_000)}`);
  await settleLogFiles(log.directory, limits);
  assert.deepEqual(showLines((await first).value ?? []), ['stdout one']);
  for (const text of ['two', 'three', 'four']) {
    log.rotate();
    log.write(`stdout F ${text} ${'x'.repeat(400_000)}`);
    await settleLogFiles(log.directory, limits);
  }
  const seen: string[] = [];
  let skipped = 0;
  while (!seen.some((line) => line.startsWith('stdout four'))) {
    const { value = [] } = await groups.next();
    seen.push(...showLines(value));
    for (const { skippedBytes = 0 } of value) skipped += skippedBytes;
  }
  // The file at the position is still open; the next one is removed, and reading continues in the newest.
  const notes = seen.filter((line) => line.startsWith('stderr'));
  assert.deepEqual(notes, [
    `stderr outboard: about ${skipped} bytes skipped: the container writes faster than its log is read`,
  ]);
  assert.ok(skipped > 400_000 && skipped < 1_300_000, `${skipped} bytes`);
  log.write('stdout F five');
  assert.deepEqual(showLines((await groups.next()).value ?? []), ['stdout five']);
});

test('a reader that does not follow gets the remaining lines, after a note', async (t) => {
  const log = createLogFixture(t);
  const limits = { maxFiles: 2, maxFileBytes: 1e6, maxTotalBytes: 2e6 };
  for (const text of ['one', 'two', 'three']) {
    log.rotate();
    log.write(`stdout F ${text} ${'x'.repeat(300_000)}`, `stdout F ${text}`);
    await settleLogFiles(log.directory, { ...limits, maxFiles: 3 });
  }
  const groups = readLog(log.directory, {}, never);
  const seen = [...showLines((await groups.next()).value ?? [])];
  rmSync(join(log.directory, 'log.2'));
  for await (const lines of groups) seen.push(...showLines(lines));
  assert.deepEqual(
    seen.filter((line) => line.length < 200).map((line) => line.replace(/\d+/, 'N')),
    [
      'stdout one',
      'stderr outboard: about N bytes skipped: the container writes faster than its log is read',
      'stdout three',
    ],
  );
});

test('a follower continues in a file that got the number of the one it read', async (t) => {
  const log = createLogFixture(t);
  const groups = readLog(log.directory, { follow: true }, never);
  t.after(() => groups.return());
  log.write('stdout F one', `stdout F ${'x'.repeat(300_000)}`);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  assert.deepEqual(showLines((await groups.next()).value ?? []), ['stdout one']);
  // A reader that pauses keeps no file open.
  t.mock.timers.tick(2_000);
  t.mock.timers.reset();
  log.rotate();
  log.write('stdout F two');
  const seen: string[] = [];
  while (!seen.includes('stdout two')) seen.push(...showLines((await groups.next()).value ?? []));
  assert.match(seen[0] ?? '', /^stderr outboard: about \d+ bytes skipped/);
});
