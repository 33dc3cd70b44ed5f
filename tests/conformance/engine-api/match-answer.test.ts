import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Expectation } from './conformance-case.ts';
import { blobStep, document, failure, noContent, ok, stream, streamError } from './expectations.ts';
import { compareAnswer } from './match-answer.ts';
import { parseAnswers, type WireAnswer } from './raw-exchange.ts';
import { atLeast, containing, oneOf, optional, type Shape } from './shape.ts';

const fill = (template: string) => template.replace('{apiVersion}', '1.51').replace('{name}', 'a/b+c');
const general =
  'Api-Version: 1.51\r\nOstype: linux\r\nServer: Docker/1.0 (linux)\r\nDocker-Experimental: false\r\n';

function answer(text: string, method = 'GET'): WireAnswer | undefined {
  return parseAnswers(Buffer.from(text), [method])[0];
}
function json(body: string, headers = general, status = 200): WireAnswer | undefined {
  const length = Buffer.byteLength(body);
  return answer(
    `HTTP/1.1 ${status} X\r\n${headers}Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`,
  );
}
function chunked(body: string): WireAnswer | undefined {
  const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  return answer(
    `HTTP/1.1 200 OK\r\n${general}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
  );
}
const compare = (got: WireAnswer | undefined, wanted: Expectation) =>
  compareAnswer(got, wanted, { fill, method: 'GET' });

describe('compareAnswer()', () => {
  const right: readonly (readonly [string, WireAnswer | undefined, Expectation])[] = [
    ['a document', json('{"a":1}\n'), document({ a: 1 })],
    [
      'an error with a placeholder',
      json('{"message":"no a/b+c"}\n', general, 404),
      failure(404, 'no {name}'),
    ],
    [
      'a pattern with a placeholder',
      json('{"message":"no a/b+c!"}\n', general, 404),
      failure(404, /^no {name}.$/),
    ],
    ['an empty answer', answer(`HTTP/1.1 200 OK\r\n${general}Content-Length: 0\r\n\r\n`), ok],
    ['204', answer(`HTTP/1.1 204 No Content\r\n${general}\r\n`), noContent],
    ['a closed connection', undefined, 'closed'],
    ['a stream', chunked('{"status":"a"}\r\n'), stream({ first: [{ status: 'a' }] })],
  ];
  for (const [name, got, wanted] of right) {
    test(`accepts ${name}`, () => assert.deepEqual(compare(got, wanted), []));
  }

  const wrong: readonly (readonly [string, WireAnswer | undefined, Expectation, RegExp])[] = [
    ['another status', json('{}\n', general, 500), document({}), /want status 200, got 500/],
    ['another value', json('{"a":2}\n'), document({ a: 1 }), /body\.a: want 1, got 2/],
    ['a key too many', json('{"a":1,"b":2}\n'), document({ a: 1 }), /unwanted key "b"/],
    ['a missing key', json('{}\n'), document({ a: 1 }), /missing key "a"/],
    ['a missing newline', json('{}'), document({}), /newline at its end/],
    ['an escape in a document', json('{"a":"\\u003c"}\n'), document({ a: '<' }), /are escaped/],
    ['no general headers', json('{}\n', ''), document({}), /header api-version/],
    ['a body where none belongs', json('{}\n'), ok, /header content-type: want none/],
    ['an answer instead of none', json('{}\n'), 'closed', /want a closed connection/],
    ['no answer', undefined, ok, /closed without an answer/],
    ['a stream that is not chunked', json('{"status":"a"}\r\n'), stream({}), /header transfer-encoding/],
    ['a line without end', chunked('{"status":"a"}'), stream({ first: [{ status: 'a' }] }), /has no end/],
    [
      'a raw > in a stream',
      chunked('{"status":">"}\r\n'),
      stream({ others: [{ status: '>' }] }),
      /not escaped/,
    ],
    ['an unexpected line', chunked('{"status":"b"}\r\n'), stream({}), /unexpected line/],
    [
      'a missing line',
      chunked('{"status":"a"}\r\n'),
      stream({ includes: [{ status: 'b' }], others: [{ status: 'a' }] }),
      /no line like/,
    ],
    ['another last line', chunked('{"status":"a"}\r\n'), stream({ last: streamError('x') }), /last line/],
    ['another header', json('{}\n'), document({}, { 'docker-plugin-name': '{name}' }), /docker-plugin-name/],
  ];
  for (const [name, got, wanted, reason] of wrong) {
    test(`sees ${name}`, () => assert.match(compare(got, wanted).join('\n'), reason));
  }
});

describe('shapes', () => {
  const cases: readonly (readonly [string, unknown, Shape, boolean])[] = [
    ['an optional key that is missing', {}, { a: optional(1) }, true],
    ['an optional key of another value', { a: 2 }, { a: optional(1) }, false],
    ['more keys where they may be', { a: 1, b: 2 }, atLeast({ a: 1 }), true],
    ['an element among others', [1, { a: 1 }], containing({ a: 1 }), true],
    ['no such element', [1], containing(2), false],
    ['one of several', 'b', oneOf('a', 'b'), true],
    ['none of several', 'c', oneOf('a', 'b'), false],
    ['null for an array', null, [], false],
    ['an array of another length', [1, 2], [1], false],
    ['figures of a blob', { status: 'A', progressDetail: { current: 5 }, id: 'x' }, blobStep('x', 'A'), true],
    ['figures of 0', { status: 'A', progressDetail: { current: 0 }, id: 'x' }, blobStep('x', 'A'), false],
  ];
  for (const [name, value, shape, fits] of cases) {
    test(`${fits ? 'accept' : 'refuse'} ${name}`, () => {
      const mismatches = compare(json(`${JSON.stringify(value)}\n`), document(shape));
      assert.equal(mismatches.length === 0, fits, mismatches.join('\n'));
    });
  }
});

describe('parseAnswers()', () => {
  test('separates several answers of one connection, the first without a body', () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n';
    const answers = parseAnswers(Buffer.from(`${head}${head}OK`), ['HEAD', 'GET']);
    assert.deepEqual(
      answers.map(({ body }) => body.toString()),
      ['', 'OK'],
    );
  });

  test('refuses a truncated body, data that is not HTTP, and bytes after the last answer', () => {
    const start = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n';
    assert.throws(() => parseAnswers(Buffer.from(start), ['GET']), /without its last chunk/);
    assert.throws(() => parseAnswers(Buffer.from('SSH-2.0\r\n\r\n'), ['GET']), /not an HTTP\/1\.1 answer/);
    assert.throws(() => parseAnswers(Buffer.from(`${start}0\r\n\r\nmore`), ['GET']), /unexpected bytes/);
  });
});
