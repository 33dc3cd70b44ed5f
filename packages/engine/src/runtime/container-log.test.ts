import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { maxLogTailBytes, parseLogLines, readLogTail } from './container-log.ts';

const time = '2026-01-31T10:00:00.000000000+00:00';

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
  test(`parseLogLines() reads ${name}`, () => {
    const text = records.map((record) => `${time} ${record}\n`).join('');
    assert.deepEqual(parseLogLines(text), lines);
  });
}

test('S09 readLogTail() looks at the end of a large log only and leaves out the record it cut', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'outboard-log-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'log');
  writeFileSync(path, `${time} stdout F ${'x'.repeat(maxLogTailBytes)}\n${time} stdout F end\n`);
  assert.deepEqual(await readLogTail(path, 20), ['end']);
  assert.deepEqual(await readLogTail(join(folder, 'absent'), 20), []);
  symlinkSync(path, join(folder, 'link'));
  await assert.rejects(readLogTail(join(folder, 'link'), 20), { code: 'ELOOP' });
});
