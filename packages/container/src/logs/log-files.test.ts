import assert from 'node:assert/strict';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogFixture } from '../testing/log-fixture.ts';
import { listLogFiles, settleLogFiles } from './log-files.ts';
import { logLimits } from './log-limits.ts';

const limits = { maxFiles: 2, maxFileBytes: 1000, maxTotalBytes: 2000 };

test('a file that conmon replaced stays under its number, up to the maximum number', async (t) => {
  const log = createLogFixture(t);
  for (const text of ['one', 'two', 'three']) {
    log.rotate();
    log.write(`stdout F ${text}`);
    await settleLogFiles(log.directory, limits);
  }
  assert.deepEqual(readdirSync(log.directory).sort(), ['log', 'log.2', 'log.3']);
  assert.match(readFileSync(join(log.directory, 'log.2'), 'utf8'), / two\n$/);
  assert.match(readFileSync(join(log.directory, 'log.3'), 'utf8'), / three\n$/);
});

test('without a process that links, conmon leaves one more file and no more', async (t) => {
  const log = createLogFixture(t);
  log.write('stdout F one');
  await settleLogFiles(log.directory, limits);
  for (let round = 0; round < 5; round += 1) log.rotate();
  log.write('stdout F last');
  assert.deepEqual(readdirSync(log.directory).sort(), ['log', 'log.1']);
  const files = await listLogFiles(log.directory);
  assert.deepEqual(
    files.map(({ number }) => number),
    [1, 2],
  );
  await settleLogFiles(log.directory, limits);
  assert.deepEqual(readdirSync(log.directory).sort(), ['log', 'log.1', 'log.2']);
});

test('files are removed, the oldest first, until all together are small enough', async (t) => {
  const log = createLogFixture(t);
  for (let number = 1; number <= 3; number += 1) {
    log.rotate();
    log.write(`stdout F ${'x'.repeat(900)}`);
    await settleLogFiles(log.directory, { ...limits, maxFiles: 10 });
  }
  assert.deepEqual(readdirSync(log.directory).sort(), ['log', 'log.2', 'log.3']);
  const files = await settleLogFiles(log.directory, { ...limits, maxFiles: 10, maxTotalBytes: 1 });
  assert.deepEqual(
    files.map(({ number }) => number),
    [3],
    'the current one is never removed',
  );
});

test('only numbered files are files of a log', async (t) => {
  const log = createLogFixture(t);
  assert.deepEqual(await listLogFiles(join(log.directory, 'absent')), []);
  for (const name of ['log.0', 'log.01', 'log.1a', 'log.tmp', 'log.new', 'other', `log.${'9'.repeat(40)}`]) {
    writeFileSync(join(log.directory, name), '');
  }
  symlinkSync('/etc', join(log.directory, 'log.7'));
  assert.deepEqual(await listLogFiles(log.directory), []);
});

for (const options of [
  { maxBytes: 10 * 1024 * 1024, maxFiles: 3 },
  { maxBytes: 1_000_000, maxFiles: 1 },
  { maxBytes: 81_920, maxFiles: 1 },
]) {
  test(`the files of ${JSON.stringify(options)} and the one that conmon may add stay within the limit`, () => {
    const { maxFiles, maxFileBytes, maxTotalBytes } = logLimits(options);
    const bound = options.maxBytes * options.maxFiles;
    assert.ok((maxFiles + 1) * maxFileBytes <= bound, `${maxFiles + 1} files of ${maxFileBytes}`);
    assert.ok(maxTotalBytes + maxFileBytes <= bound, `${maxTotalBytes} and ${maxFileBytes}`);
    assert.ok(maxFileBytes * (maxFiles + 2) > bound, 'and do not waste it');
  });
}
