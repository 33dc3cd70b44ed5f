import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HttpError } from '../http/errors.ts';
import { parseLogTime } from './parse-log-time.ts';

const second = 1_000_000_000n;
const now = 1_769_860_800n * second; // 2026-01-31T12:00:00Z

const accepted: readonly (readonly [text: string, nanoseconds: bigint | undefined])[] = [
  ['', undefined],
  ['0', undefined],
  ['1769860800', now],
  ['1769860800.5', now + second / 2n],
  ['1769860800.000000001', now + 1n],
  ['10m', now - 600n * second],
  ['1h30m', now - 5400n * second],
  ['1.5h', now - 5400n * second],
  ['300ms', now - (3n * second) / 10n],
  ['0s', now],
  ['2h0m5s', now - 7205n * second],
  ['5µs', now - 5000n],
  ['2026-01-31T12:00:00Z', now],
  ['2026-01-31t12:00:00z', now],
  ['2026-01-31T13:00:00.000000001+01:00', now + 1n],
];

for (const [text, nanoseconds] of accepted) {
  test(`parseLogTime(${JSON.stringify(text)}) is ${nanoseconds}`, () => {
    assert.equal(parseLogTime('since', text, now), nanoseconds);
  });
}

const local: readonly (readonly [text: string, of: Date, nanoseconds: bigint])[] = [
  ['2026-07-01', new Date(2026, 6, 1), 0n],
  ['2026-07-01T08:30', new Date(2026, 6, 1, 8, 30), 0n],
  ['2026-07-01T08:30:15', new Date(2026, 6, 1, 8, 30, 15), 0n],
  ['2026-07-01T08:30:15.25', new Date(2026, 6, 1, 8, 30, 15), second / 4n],
];

for (const [text, date, rest] of local) {
  test(`parseLogTime(${JSON.stringify(text)}) is that time in the time zone of the daemon`, () => {
    assert.equal(parseLogTime('since', text, now), BigInt(date.getTime()) * 1_000_000n + rest);
  });
}

for (const text of [
  'yesterday',
  '10',
  '10 m',
  '-10m',
  '10d',
  '2026-02-31',
  '2026-01-31T25:00',
  '1e9',
  '1.',
  'm',
  ' ',
]) {
  test(`parseLogTime(${JSON.stringify(text)}) ${text === '10' ? 'is a Unix time' : 'is refused'}`, () => {
    const parse = () => parseLogTime('until', text, now);
    if (text === '10') assert.equal(parse(), 10n * second);
    else assert.throws(parse, { status: 400, message: /^invalid value for "until": / });
  });
}

test('parseLogTime() throws no error but HttpError for any text', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 100 }), (text) => {
      try {
        parseLogTime('since', text, now);
      } catch (error) {
        assert.ok(error instanceof HttpError, String(error));
      }
    }),
  );
});
