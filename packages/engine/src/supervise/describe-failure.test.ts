import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeExit, describeLog } from './describe-failure.ts';

for (const [exit, text] of [
  [{ code: 3, outOfMemory: false }, 'exited with code 3'],
  [{ code: 143, signal: 'SIGTERM', outOfMemory: false }, 'was ended by SIGTERM'],
  [{ code: 137, signal: 'SIGKILL', outOfMemory: true }, 'was killed because it ran out of memory'],
  [{ outOfMemory: false }, 'ended, and no one knows how: its monitor had gone'],
] as const) {
  test(`describeExit() says "${text}"`, () => assert.equal(describeExit(exit), text));
}

test('describeLog() stays on one line, shows the last 20 lines, and is bounded', () => {
  assert.equal(describeLog([]), '');
  assert.equal(describeLog(['a', 'b\n"\u001b']), '; its last log lines: "a", "b\\n\\"\\u001b"');
  const many = Array.from({ length: 30 }, (_, index) => String(index));
  assert.equal(describeLog(many).startsWith('; its last log lines: "10", '), true);
  const long = describeLog(many.map((line) => line.repeat(10_000)));
  assert.ok(long.length < 5_000, String(long.length));
});
