import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundLog, describeExit, describeLog, exitedBeforeReady, toError } from './plugin-failure.ts';

for (const [exit, text] of [
  [{ code: 3, outOfMemory: false }, 'exited with code 3'],
  [{ code: 143, signal: 'SIGTERM', outOfMemory: false }, 'was ended by SIGTERM'],
  [{ code: 137, signal: 'SIGKILL', outOfMemory: true }, 'was killed because it ran out of memory'],
  [
    { code: 3, outOfMemory: true },
    'exited with code 3, after a process of it was killed because memory ran out',
  ],
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

test('boundLog() keeps the end', () => {
  const lines = Array.from({ length: 30 }, (_, index) => String(index).padEnd(400, '.'));
  const kept = boundLog(lines);
  assert.equal(kept.at(-1), lines.at(-1));
  assert.ok(kept.join('').length <= 4_000, String(kept.length));
});

test('what a plugin printed is in the message of the error, and not in the details, which reach logs', () => {
  const log = ['password is hunter2'];
  const exit = { code: 1, outOfMemory: false };
  const failure = exitedBeforeReady('acme/p:latest', exit, {
    at: new Date(0),
    log,
    dialError: 'dial unix x',
  });
  const error = toError(failure);
  assert.match(error.message, /hunter2/);
  assert.doesNotMatch(JSON.stringify(error.details), /hunter2/);
  assert.equal(error.details?.reason, failure.reason);
  assert.match(
    failure.reason,
    /^dial unix x: plugin "acme\/p:latest" exited with code 1 before its socket accepted/,
  );
});
