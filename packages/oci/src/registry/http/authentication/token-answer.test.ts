import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '@outboard/async/testing';
import { parseTokenAnswer } from './token-answer.ts';
import { createTokenCache, type TokenKey } from './token-cache.ts';

const realm = new URL('https://auth.example/token?secret=1');
const now = 1_000_000;

describe('parseTokenAnswer()', () => {
  const lives = [
    [undefined, 60],
    [null, 60],
    ['300', 60],
    [0, 60],
    [-5, 60],
    [59.9, 60],
    [300, 300],
    [300.7, 300],
    [3601, 3600],
    [1e99, 3600],
  ] as const;
  for (const [expires, seconds] of lives) {
    it(`R14 reads expires_in ${expires} as ${seconds} seconds`, () => {
      const body = Buffer.from(JSON.stringify({ token: 'abc', expires_in: expires }));
      assert.deepEqual(parseTokenAnswer(body, realm, now), { value: 'abc', expiresAt: now + seconds * 1000 });
    });
  }
  it('R14 reads 1e400, which is infinite, as the longest lifetime', () => {
    const token = parseTokenAnswer(Buffer.from('{"token":"abc","expires_in":1e400}'), realm, now);
    assert.equal(token.expiresAt, now + 3_600_000);
  });
  const servedAt = 'Thu, 01 Jan 2015 00:05:00 GMT';
  for (const [name, issuedAt, seconds] of [
    ['a minute before', '2015-01-01T00:04:00Z', 240],
    ['at once', '2015-01-01T00:05:00.5Z', 300],
    ['in year 1, as servers that do not fill it in', '0001-01-01T00:00:00Z', 300],
    ['after it was sent', '2016-01-01T00:00:00Z', 300],
    ['longer ago than it lives', '2014-12-31T00:00:00Z', 300],
    ['at no time', 'soon', 300],
  ] as const) {
    it(`subtracts the age of a token that was issued ${name}, by the clock of the server`, () => {
      const body = Buffer.from(JSON.stringify({ token: 'abc', expires_in: 300, issued_at: issuedAt }));
      assert.equal(parseTokenAnswer(body, realm, now, servedAt).expiresAt, now + seconds * 1000);
    });
  }
  it('uses access_token if token is missing', () => {
    assert.equal(parseTokenAnswer(Buffer.from('{"access_token":"xyz"}'), realm, now).value, 'xyz');
    assert.equal(parseTokenAnswer(Buffer.from('{"token":"","access_token":"xyz"}'), realm, now).value, 'xyz');
  });
  for (const [name, body] of [
    ['HTML', '<html>'],
    ['an array', '[]'],
    ['null', 'null'],
    ['no token', '{}'],
    ['an empty token', '{"token":""}'],
    ['a token that is a number', '{"token":5}'],
    ['CRLF in the token', '{"token":"a\\r\\nX-Evil: 1"}'],
    ['a space in the token', '{"token":"a b"}'],
    ['a NUL in the token', '{"token":"a\\u0000"}'],
    ['a token beyond ASCII', '{"token":"ä"}'],
    ['a token of 65 KiB', JSON.stringify({ token: 'x'.repeat(65 * 1024) })],
  ] as const) {
    it(`R14 refuses ${name}, without quoting it`, () => {
      assert.throws(
        () => parseTokenAnswer(Buffer.from(body), realm, now),
        (error) => {
          assert.ok(error instanceof Error);
          assert.match(
            error.message,
            /^the answer of token server https:\/\/auth\.example\/token cannot be used/,
          );
          assert.doesNotMatch(error.message, /Evil|secret/);
          return true;
        },
      );
    });
  }
});

describe('the token cache', () => {
  const question: TokenKey = {
    host: 'registry.example',
    realm: 'https://auth.example/token',
    service: 'registry',
    scopes: ['repository:a/b:pull'],
    credentials: { username: 'gordon', password: 'secret' },
  };

  it('returns a token until shortly before it expires', () => {
    const clock = createFakeClock({ skipsSleep: true });
    const cache = createTokenCache(clock);
    const token = { value: 'abc', expiresAt: clock.now().getTime() + 60_000 };
    cache.set(question, token);
    clock.advance(54_999);
    assert.equal(cache.get(question), token);
    clock.advance(1);
    assert.equal(cache.get(question), undefined);
  });
  const others: Partial<TokenKey>[] = [
    { host: 'other.example' },
    { realm: 'https://auth.example/other' },
    { service: undefined },
    { scopes: ['repository:a/c:pull'] },
    { credentials: undefined },
    { credentials: { username: 'gordon', password: 'other' } },
    { credentials: { username: 'moby', password: 'secret' } },
    { credentials: { username: 'gordon', password: 'secret', identityToken: 'x' } },
  ];
  for (const other of others) {
    it(`never returns it for a request with another ${Object.keys(other)[0]}`, () => {
      const clock = createFakeClock({ skipsSleep: true });
      const cache = createTokenCache(clock);
      cache.set(question, { value: 'abc', expiresAt: clock.now().getTime() + 60_000 });
      assert.equal(cache.get({ ...question, ...other }), undefined);
    });
  }
  it('drops the oldest of more than 1000', () => {
    const clock = createFakeClock({ skipsSleep: true });
    const cache = createTokenCache(clock);
    const expiresAt = clock.now().getTime() + 60_000;
    for (let i = 0; i <= 1000; i++) cache.set({ ...question, host: `h${i}` }, { value: `t${i}`, expiresAt });
    assert.equal(cache.get({ ...question, host: 'h0' }), undefined);
    assert.equal(cache.get({ ...question, host: 'h1' })?.value, 't1');
  });
});
