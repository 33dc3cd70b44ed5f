import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OutboardError } from '@outboard/oci';
import { callOptional, isMethodMissing, readAnswer } from './plugin-answer.ts';

describe('readAnswer()', () => {
  test('reads the first value, so that a failure stays one when the handler answers twice', () => {
    const text = '{"Err":"boom"}\n{}\n';
    assert.throws(() => readAnswer({ status: 200, text }, 'X.Y'), { message: 'X.Y: boom' });
    assert.throws(() => readAnswer({ status: 500, text }, 'X.Y'), { message: 'X.Y: boom' });
    assert.equal(readAnswer({ status: 200, text: '{"a":"b"} junk' }, 'X.Y').text('a'), 'b');
  });

  test('does not clear a failure because of a later null', () => {
    const text = '{"Err":"boom","err":null}';
    assert.throws(() => readAnswer({ status: 200, text }, 'X.Y'), { message: 'X.Y: boom' });
  });

  for (const status of [200, 500]) {
    test(`S04 quotes an error of half a million arrays, status ${status}, in a short text`, () => {
      const text = `{"Err":${'['.repeat(250_000)}${']'.repeat(250_000)}}`;
      assert.throws(
        () => readAnswer({ status, text }, 'X.Y'),
        (error) => error instanceof OutboardError && error.message.length < 1100,
      );
    });
  }

  const secret = 'c2VjcmV0';
  for (const [name, status, text, message] of [
    ['a plain failure', 500, `cannot give ${secret}`, 'X.Y: status 500'],
    ['a failure without Err', 500, `{"Value":"${secret}"}`, 'X.Y: status 500'],
    [
      'an answer that is cut off',
      200,
      `{"Value":"${secret}`,
      'X.Y: malformed reply: want a JSON object, got something else',
    ],
    ['an error that is not a string', 200, `{"Err":["${secret}"]}`, 'X.Y: an error that is not a string'],
    ['an error text', 200, `{"Value":"${secret}","Err":"no such secret"}`, 'X.Y: no such secret'],
    ['an empty reply', 200, '', 'X.Y: malformed reply: want a JSON object, got nothing'],
  ] as const) {
    test(`quotes only Err of a confidential answer: ${name}`, () => {
      assert.throws(
        () => readAnswer({ status, text }, 'X.Y', { confidential: true }),
        (error) => {
          assert.ok(error instanceof OutboardError, String(error));
          assert.equal(error.message, message);
          assert.equal(JSON.stringify([error.details, String(error.cause)]).includes(secret), false);
          return true;
        },
      );
    });
  }
});

describe('callOptional()', () => {
  const failing = (code: string) => async () => {
    throw new OutboardError('system', 'x', { code });
  };

  test('returns the fallback for a failure that the plugin reports, and throws all others', async () => {
    assert.equal(await callOptional(async () => 1, 2), 1);
    assert.equal(await callOptional(failing('plugin-error'), 2), 2);
    assert.equal(await callOptional(failing('plugin-reply-malformed'), 2), 2);
    await assert.rejects(callOptional(failing('plugin-timeout'), 2), { code: 'plugin-timeout' });
    await assert.rejects(callOptional(failing('plugin-connection-lost'), 2), {
      code: 'plugin-connection-lost',
    });
    await assert.rejects(
      callOptional(() => Promise.reject(new TypeError('bug')), 2),
      TypeError,
    );
  });
});

test('isMethodMissing() recognizes status 404 of the plugin', () => {
  const read = (status: number) => {
    try {
      return readAnswer({ status, text: 'page not found' }, 'X.Y');
    } catch (error) {
      return error;
    }
  };
  assert.deepEqual(
    [404, 500].map((status) => isMethodMissing(read(status))),
    [true, false],
  );
  assert.equal(isMethodMissing(new OutboardError('not-found', 'x', { details: { status: 404 } })), false);
});
