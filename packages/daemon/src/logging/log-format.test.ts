import assert from 'node:assert/strict';
import { fstatSync } from 'node:fs';
import { test } from 'node:test';
import { pino } from 'pino';
import { chooseLogFormat, formatFailure, formatLine, isJournal } from './log-format.ts';

/** The JSON lines that a logger writes. */
function written(log: (logger: pino.Logger) => void): string {
  let line = '';
  log(
    pino(
      { level: 'trace', base: { pid: 7 } },
      {
        write: (text: string) => {
          line += text;
        },
      },
    ),
  );
  return line;
}

function journalOf(file: number): NodeJS.ProcessEnv {
  const { dev, ino } = fstatSync(file, { bigint: true });
  return { JOURNAL_STREAM: `${dev}:${ino}` };
}

for (const [level, priority] of [
  ['fatal', 2],
  ['error', 3],
  ['warn', 4],
  ['info', 6],
  ['debug', 7],
  ['trace', 7],
] as const) {
  test(`a record of level ${level} has priority ${priority} in the journal`, () => {
    const line = written((logger) =>
      logger[level]({ plugin: 'acme/v:1', count: 2, why: 'it ended' }, 'gone'),
    );
    assert.equal(formatLine(line, 'journald'), `<${priority}>gone plugin=acme/v:1 count=2 why="it ended"\n`);
  });
}

test('a text record begins with time and level', () => {
  const line = written((logger) => logger.warn({ id: 'f00' }, 'cannot stop'));
  assert.match(formatLine(line, 'text'), /^\d{4}-\d\d-\d\dT[\d:.]+Z WARN {2}cannot stop id=f00\n$/);
});

test('an error is written with its message, its properties and its stack', () => {
  const failure = Object.assign(new Error('it broke'), { kind: 'system' });
  const line = formatLine(
    written((logger) => logger.error({ err: failure }, 'cannot go on')),
    'journald',
  );
  assert.match(line, /^<3>cannot go on err="it broke" kind=system stack="Error: it broke\\n {4}at .*"\n$/);
});

test('control characters in a record do not start another line', () => {
  const hostile = 'a\n<0>b\u001b[2J\u0000';
  for (const format of ['text', 'journald'] as const) {
    const line = formatLine(
      written((logger) => logger.info({ hostile, err: new Error(hostile) }, hostile)),
      format,
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the test asserts their absence.
    assert.doesNotMatch(line.slice(0, -1), /[\u0000-\u001f]/);
  }
});

test('the json format leaves a record unchanged', () => {
  const line = written((logger) => logger.info({ a: 1 }, 'b'));
  assert.equal(formatLine(line, 'json'), line);
});

test('isJournal() compares JOURNAL_STREAM with standard error, so that an inherited variable has no effect', () => {
  assert.equal(isJournal(journalOf(2)), true);
  assert.equal(isJournal({ JOURNAL_STREAM: '1:1' }), false);
  assert.equal(isJournal({}), false);
  assert.equal(chooseLogFormat(undefined, journalOf(2)), 'journald');
  assert.equal(chooseLogFormat('json', journalOf(2)), 'json');
  assert.equal(formatFailure('no', journalOf(2)), '<3>no\n');
  assert.equal(formatFailure('no', {}), 'no\n');
  assert.equal(formatFailure('no\n\nRun --help', journalOf(2)), '<3>no\n<3>Run --help\n');
});
