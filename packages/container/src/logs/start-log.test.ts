import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogFixture } from '../testing/log-fixture.ts';
import { missingEnd, startLog } from './start-log.ts';

const time = '2026-01-31T12:00:00.000000000+00:00';
const limits = { maxFiles: 3, maxFileBytes: 1000, maxTotalBytes: 3000 };

test('the first run starts an empty log that only root can read', async (t) => {
  const { directory } = createLogFixture(t);
  rmSync(directory, { recursive: true });
  const place = await startLog(directory, limits);
  assert.deepEqual(place, { directory, maxFileBytes: 1000, start: { file: 1, offset: 0 } });
  assert.deepEqual(readdirSync(directory).sort(), ['log', 'log.1']);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  assert.equal(statSync(join(directory, 'log')).mode & 0o777, 0o600);
});

test('short runs share a file within its limit; a long run makes the next one start another file', async (t) => {
  const log = createLogFixture(t);
  await startLog(log.directory, limits);
  log.write('stdout F one');
  const { size } = statSync(join(log.directory, 'log'));
  const second = await startLog(log.directory, limits);
  assert.deepEqual([second.maxFileBytes, second.start], [1000 - size, { file: 1, offset: size }]);
  log.write(`stdout F ${'x'.repeat(600)}`);
  const third = await startLog(log.directory, limits);
  assert.deepEqual([third.maxFileBytes, third.start], [1000, { file: 2, offset: 0 }]);
  assert.deepEqual(readdirSync(log.directory).sort(), ['log', 'log.1', 'log.2']);
});

test('a temporary file that a crash left is no obstacle', async (t) => {
  const log = createLogFixture(t);
  writeFileSync(join(log.directory, 'log.new'), 'left over');
  writeFileSync(join(log.directory, 'log.tmp'), 'left over');
  await startLog(log.directory, limits);
  assert.equal(readFileSync(join(log.directory, 'log'), 'utf8'), '');
});

test('an unfinished line of the last run is ended before the next', async (t) => {
  const log = createLogFixture(t);
  log.write('stderr P half');
  appendFileSync(join(log.directory, 'log'), `${time} stdout P cu`);
  const { start } = await startLog(log.directory, limits);
  const lines = readFileSync(join(log.directory, 'log'), 'utf8').split('\n');
  assert.deepEqual(
    lines.map((line) => line.slice(time.length + 1)),
    ['stderr P half', 'stdout P cu', 'stderr F ', 'stdout F ', ''],
  );
  assert.equal(start.offset, statSync(join(log.directory, 'log')).size);
});

const ends: readonly (readonly [name: string, end: string, missing: string])[] = [
  ['nothing', '', ''],
  ['a whole line', `${time} stdout F a\n`, ''],
  ['a piece that was ended', `${time} stdout P a\n${time} stdout F b\n`, ''],
  ['a whole line that was cut', `${time} stdout F a`, '\n'],
  ['half a header', `${time} std`, '\n'],
  ['a piece', `${time} stdout P a\n${time} stderr F b\n`, `${time} stdout F \n`],
];

for (const [name, end, missing] of ends) {
  test(`missingEnd() of ${name} is ${JSON.stringify(missing)}`, () => {
    assert.equal(missingEnd(Buffer.from(end)), missing);
  });
}
