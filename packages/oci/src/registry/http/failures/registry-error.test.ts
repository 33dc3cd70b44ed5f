import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeErrorBody, kindOfStatus, quoteForeignText, unexpectedStatus } from './registry-error.ts';

describe('describeErrorBody()', () => {
  const cases = [
    [
      'a registry error',
      '{"errors":[{"code":"DENIED","message":"requested access is denied"}]}',
      'DENIED: requested access is denied',
    ],
    ['two errors', '{"errors":[{"code":"A","message":"x"},{"message":"y"}]}', 'A: x, y'],
    ['errors of wrong types', '{"errors":[null,1,{"code":5,"message":["x"]}]}', ''],
    ['plain text', 'try later\n', 'try later'],
    ['HTML', '<html><script>alert(1)</script>', ''],
    ['broken JSON', '{"errors":', ''],
    ['nothing', '', ''],
  ] as const;
  for (const [name, body, want] of cases) {
    it(`reads ${name}`, () => assert.equal(describeErrorBody(Buffer.from(body)), want));
  }

  it('R33 escapes escape sequences, line ends and hidden characters', () => {
    const body = { errors: [{ code: 'X', message: '\u001b[31mred\r\nnext\u202eevil\u2028\u0000\ud800' }] };
    const text = describeErrorBody(Buffer.from(JSON.stringify(body)));
    assert.equal(text, 'X: \\u001b[31mred\\u000d\\u000anext\\u202eevil\\u2028\\u0000\\ud800');
  });
  it('R33 truncates a text of 1 MiB to 1 KiB', () => {
    const text = quoteForeignText('\u001b'.repeat(1024 * 1024));
    assert.equal(text.length, 1024);
    assert.ok(text.endsWith('…'));
    assert.equal(quoteForeignText('x'.repeat(1024)).length, 1024);
  });
});

describe('unexpectedStatus()', () => {
  it('has the words of containerd, without user, query and fragment of the URL', () => {
    const error = unexpectedStatus({
      method: 'GET',
      url: new URL('https://user:secret@registry.example/v2/a/manifests/v1?token=secret#secret'),
      status: 401,
      body: Buffer.from('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}'),
    });
    assert.equal(error.kind, 'unauthorized');
    assert.equal(
      error.message,
      'unexpected status from GET request to https://registry.example/v2/a/manifests/v1: 401 Unauthorized: UNAUTHORIZED: authentication required',
    );
    assert.doesNotMatch(JSON.stringify(error.details), /secret/);
  });
  for (const [status, kind] of [
    [400, 'invalid'],
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'not-found'],
    [405, 'not-implemented'],
    [407, 'unavailable'],
    [409, 'conflict'],
    [429, 'unavailable'],
    [503, 'unavailable'],
    [299, 'unavailable'],
  ] as const) {
    it(`R15 status ${status} is ${kind}`, () => assert.equal(kindOfStatus(status), kind));
  }
});
