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

/** Plugins that write when the test says so, and the log that it ends in. */
function createOutput() {
  const entries: Entry[] = [];
  const logger = pino({}, { write: (line: string) => void entries.push(JSON.parse(line)) });
  let write: (output: PluginOutput) => void = () => assert.fail('nobody listens');
  let announce: (event: EngineEvent) => void = () => undefined;
  const clock = createFakeClock();
  const engine = {
    logs: {
      read: () => assert.fail('nothing is read'),
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

test("each line carries its plugin's name, ID and stream, which is no level", () => {
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

test('a plugin that floods is cut down to some lines a second, with a count, and holds up no other', () => {
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
  const told = output.entries.filter(({ level }) => level === 40);
  assert.deepEqual(
    told.map(({ plugin, lines, bytes }) => [plugin, lines, bytes]),
    [['a:latest', 19_700, 5_197_000]],
  );
});

test('a long line is cut, and one that is no UTF-8 is readable', () => {
  const output = createOutput();
  output.write('a', [line('x'.repeat(100_000)), { ...line(''), content: Buffer.from([0x61, 0xff]) }]);
  output.stop();
  assert.deepEqual(
    output.entries.map(({ msg }) => msg),
    ['x'.repeat(4096), 'a\ufffd'],
  );
});

test('nothing is kept of a plugin that was removed', () => {
  const output = createOutput();
  const flood = Array.from({ length: 1_000 }, () => line('x'));
  output.write('a', flood);
  output.remove('a');
  output.write('a', flood);
  output.stop();
  assert.equal(output.entries.filter(({ msg }) => msg === 'x').length, 400);
});
