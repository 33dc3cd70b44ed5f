import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '@outboard/async/testing';
import type { EngineEvent, LogLine, PluginOutput } from '@outboard/engine';
import { pino } from 'pino';
import { createPluginOutputLog } from './plugin-output.ts';

interface Entry {
  readonly level: number;
  readonly plugin: string;
  readonly id: string;
  readonly stream?: string;
  readonly msg: string;
  readonly lines?: number;
  readonly bytes?: number;
}

/** A log of plugin output, with functions that make plugins write. */
function createOutput() {
  const entries: Entry[] = [];
  const logger = pino({}, { write: (line: string) => void entries.push(JSON.parse(line)) });
  let write: (output: PluginOutput) => void = () => assert.fail('there is no listener');
  let announce: (event: EngineEvent) => void = () => undefined;
  const clock = createFakeClock();
  const engine = {
    logs: {
      read: () => assert.fail('read() is not expected'),
      onOutput: (listener: (output: PluginOutput) => void) => {
        write = listener;
        return () => {};
      },
    },
    onEvent: (listener: (event: EngineEvent) => void) => {
      announce = listener;
      return () => {};
    },
  };
  const output = createPluginOutputLog(logger, clock);
  output.follow(engine);
  return {
    entries,
    stop: output.close,
    pass: (ms: number) => {
      clock.advance(ms);
    },
    remove: (id: string) =>
      announce({
        type: 'plugin',
        action: 'remove',
        id,
        attributes: { name: id },
        at: new Date(0),
        timeNano: 0n,
      }),
    write: (id: string, lines: readonly LogLine[], skippedBytes = 0) =>
      write({ id, name: `${id}:latest`, lines, skippedBytes }),
  };
}

function line(text: string, stream: LogLine['stream'] = 'stdout'): LogLine {
  return { stream, timeNano: 0n, content: Buffer.from(text), isComplete: true };
}

test('each record has the name, ID and stream of its plugin; the stream does not change the level', () => {
  const output = createOutput();
  output.write('a', [line('ready'), line('broken', 'stderr')]);
  output.stop();
  assert.deepEqual(
    output.entries.map(({ level, plugin, id, stream, msg }) => [level, plugin, id, stream, msg]),
    [
      [30, 'a:latest', 'a', 'stdout', 'ready'],
      [30, 'a:latest', 'a', 'stderr', 'broken'],
    ],
  );
});

test('a flooding plugin is rate-limited, with a count of skipped lines, and does not affect other plugins', () => {
  const output = createOutput();
  const flood = Array.from({ length: 10_000 }, () => line('xxxxxxxxxx'));
  output.write('a', flood, 5_000_000);
  output.write('b', [line('hello')]);
  output.pass(2_000);
  output.write('a', flood);
  output.stop();
  const shown = output.entries.filter(({ plugin, msg }) => plugin === 'a:latest' && msg === 'xxxxxxxxxx');
  assert.equal(shown.length, 300);
  assert.equal(output.entries.filter(({ msg }) => msg === 'hello').length, 1);
  const warnings = output.entries.filter(({ level }) => level === 40);
  assert.deepEqual(
    warnings.map(({ plugin, lines, bytes }) => [plugin, lines, bytes]),
    [['a:latest', 19_700, 5_197_000]],
  );
});

test('a long line is truncated, and invalid UTF-8 is replaced', () => {
  const output = createOutput();
  output.write('a', [line('x'.repeat(100_000)), { ...line(''), content: Buffer.from([0x61, 0xff]) }]);
  output.stop();
  assert.deepEqual(
    output.entries.map(({ msg }) => msg),
    ['x'.repeat(4096), 'a\ufffd'],
  );
});

test('the removal of a plugin deletes its rate-limit state', () => {
  const output = createOutput();
  const flood = Array.from({ length: 1_000 }, () => line('x'));
  output.write('a', flood);
  output.remove('a');
  output.write('a', flood);
  output.stop();
  assert.equal(output.entries.filter(({ msg }) => msg === 'x').length, 400);
});
