import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineJoiner, type LogLine, maxLineBytes } from './line-joiner.ts';
import type { LogRecord } from './log-record.ts';

function record(stream: LogRecord['stream'], endsLine: boolean, text: string, timeNano = 0n): LogRecord {
  return { stream, endsLine, timeNano, content: Buffer.from(text) };
}

function join(joiner: LineJoiner, records: readonly LogRecord[]): readonly LogLine[] {
  return records.flatMap((each) => joiner.push(each) ?? []);
}

test('interleaved pieces of both streams make a line of each, with the time of its first piece', () => {
  const lines = join(new LineJoiner(), [
    record('stdout', false, 'a', 1n),
    record('stderr', false, 'x', 2n),
    record('stdout', true, 'b', 3n),
    record('stderr', true, '', 4n),
  ]);
  assert.deepEqual(
    lines.map(({ stream, timeNano, content }) => [stream, timeNano, content.toString()]),
    [
      ['stdout', 1n, 'ab'],
      ['stderr', 2n, 'x'],
    ],
  );
});

test('a line without an end is split at 1 MiB, and its memory is bounded', () => {
  const joiner = new LineJoiner();
  const piece = 'x'.repeat(8192);
  const lines = join(joiner, [
    ...Array.from({ length: 200 }, () => record('stdout', false, piece)),
    record('stdout', true, 'end'),
  ]);
  assert.deepEqual(
    lines.map(({ content }) => content.length),
    [maxLineBytes, 200 * 8192 - maxLineBytes + 3],
  );
});

test('an unfinished line is returned once, marked', () => {
  const joiner = new LineJoiner();
  joiner.push(record('stderr', false, 'prompt'));
  joiner.push(record('stdout', false, ''));
  assert.deepEqual(
    joiner.flush().map(({ content, isComplete }) => [content.toString(), isComplete]),
    [['prompt', false]],
  );
  assert.deepEqual(joiner.flush(), []);
});
