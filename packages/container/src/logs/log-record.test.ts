import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRecordParser, parseTimestamp } from './log-record.ts';

const noon = '2026-01-31T12:00:00.123456789+00:00';
const noonNano = 1_769_860_800_123_456_789n;

const records: readonly (readonly [
  name: string,
  record: string,
  expected: readonly unknown[] | undefined,
])[] = [
  ['a whole line', `${noon} stdout F text`, ['stdout', true, 'text']],
  ['a piece of a line', `${noon} stderr P text`, ['stderr', false, 'text']],
  ['an empty line', `${noon} stdout F `, ['stdout', true, '']],
  ['text with spaces at both ends', `${noon} stdout F  a b `, ['stdout', true, ' a b ']],
  ['bytes that are no UTF-8', `${noon} stdout F \xff\xfe\x00`, ['stdout', true, '\xff\xfe\x00']],
  ['nothing', '', undefined],
  ['text alone', 'hello world', undefined],
  ['another stream', `${noon} stdin F text`, undefined],
  ['another tag', `${noon} stdout X text`, undefined],
  ['a tag without a space', `${noon} stdout Ftext`, undefined],
  ['no tag', `${noon} stdout `, undefined],
  ['no time', ' stdout F text', undefined],
  ['a time without a zone', '2026-01-31T12:00:00.123456789 stdout F text', undefined],
  ['a day that does not exist', '2026-02-31T12:00:00.123456789+00:00 stdout F text', undefined],
  ['an endless time', `${'2'.repeat(100)} stdout F text`, undefined],
];

/** Parse a record between others. */
function parse(record: string) {
  const before = `${noon} stderr P before\n`;
  const bytes = Buffer.from(`${before}${record}\n${noon} stdout F after`, 'latin1');
  return createRecordParser()(bytes, before.length, before.length + record.length);
}

for (const [name, record, expected] of records) {
  test(`a record is ${expected === undefined ? 'not ' : ''}parsed: ${name}`, () => {
    const parsed = parse(record);
    const seen = parsed && [parsed.stream, parsed.endsLine, parsed.content.toString('latin1')];
    assert.deepEqual(seen, expected);
    if (parsed !== undefined) assert.equal(parsed.timeNano, noonNano);
  });
}

const times: readonly (readonly [text: string, nanoseconds: bigint | undefined])[] = [
  ['2026-01-31T12:00:00.123456789Z', noonNano],
  ['2026-01-31T13:30:00.123456789+01:30', noonNano],
  ['2026-01-31T12:00:00Z', noonNano - 123_456_789n],
  ['2026-01-31T12:00:00.1Z', noonNano - 23_456_789n],
  ['1969-12-31T23:59:59.999999999Z', -1n],
  ['2024-02-29T00:00:00Z', 1_709_164_800_000_000_000n],
  ['2025-02-29T00:00:00Z', undefined],
  ['2026-13-01T00:00:00Z', undefined],
  ['2026-01-31T24:00:01Z', undefined],
  ['2026-01-31', undefined],
  ['2026-01-31T12:00:00.1234567890Z', undefined],
  ['', undefined],
];

for (const [text, nanoseconds] of times) {
  test(`parseTimestamp(${JSON.stringify(text)}) is ${nanoseconds}`, () => {
    assert.equal(parseTimestamp(text), nanoseconds);
  });
}

test('no bytes make the parser of records throw', () => {
  const parse = createRecordParser();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      parse(Buffer.from(bytes), 0, bytes.length);
    }),
  );
});
