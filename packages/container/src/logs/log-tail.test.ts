import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { maxLogTailBytes, readLogTail } from './log-tail.ts';

const time = '2026-01-31T10:00:00.000000000+00:00';

function logWith(t: TestContext, files: Readonly<Record<string, readonly string[]>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'outboard-log-'));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const [name, records] of Object.entries(files)) {
    writeFileSync(join(directory, name), records.map((record) => `${time} ${record}\n`).join(''));
  }
  return directory;
}

const cases: readonly (readonly [name: string, records: readonly string[], lines: readonly string[]])[] = [
  ['whole lines of both streams', ['stdout F a', 'stderr F b'], ['a', 'b']],
  ['an empty line', ['stdout F ', 'stdout F x'], ['', 'x']],
  ['pieces of a line', ['stdout P one ', 'stdout P two ', 'stdout F three'], ['one two three']],
  [
    'pieces of two streams between each other',
    ['stdout P a', 'stderr P x', 'stdout F b', 'stderr F y'],
    ['ab', 'xy'],
  ],
  ['a line that was never ended', ['stdout F a', 'stderr P half'], ['a', 'half']],
  ['text that looks like a record', ['stdout F stderr P x'], ['stderr P x']],
  ['records that are none', ['garbage', 'stdout X a', 'stdout F a'], ['a']],
];

for (const [name, records, lines] of cases) {
  test(`readLogTail() reads ${name}`, async (t) => {
    assert.deepEqual(await readLogTail(logWith(t, { log: records }), 20), lines);
  });
}

test('S09 readLogTail() reads the end of a large log only and drops a partial record', async (t) => {
  const directory = logWith(t, { log: [`stdout F ${'x'.repeat(maxLogTailBytes)}`, 'stdout F end'] });
  assert.deepEqual(await readLogTail(directory, 20), ['end']);
  assert.deepEqual(await readLogTail(directory, 0), []);
  assert.deepEqual(await readLogTail(join(directory, 'absent'), 20), []);
});

test('readLogTail() reads backwards from file to file, and not before the given run', async (t) => {
  const directory = logWith(t, {
    'log.8': ['stdout F old', 'stdout F one'],
    'log.9': ['stdout F two'],
    log: ['stdout F three'],
  });
  const offset = `${time} stdout F old\n`.length;
  assert.deepEqual(await readLogTail(directory, 2), ['two', 'three']);
  assert.deepEqual(await readLogTail(directory, 20, { file: 8, offset }), ['one', 'two', 'three']);
  assert.deepEqual(await readLogTail(directory, 20, { file: 9, offset: 0 }), ['two', 'three']);
  assert.deepEqual(await readLogTail(directory, 20, { file: 2, offset: 77 }), ['old', 'one', 'two', 'three']);
});
