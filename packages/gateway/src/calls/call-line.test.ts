import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeCall } from './call-line.ts';
import type { EndedCall } from './call-log.ts';

function errorOf(changes: Partial<EndedCall>): unknown {
  return JSON.parse(
    encodeCall({
      plugin: { id: 'id', name: 'acme/p:latest' },
      method: 'VolumeDriver.Mount',
      consumer: { isByHand: false },
      startedAt: 0,
      durationMs: 1,
      outcome: 'failure',
      requestBytes: 0,
      answerBytes: 0,
      ...changes,
    }),
  ).Error;
}

describe('the line of a call shows no secret', () => {
  const texts: readonly (readonly [
    name: string,
    error: string,
    secrets: readonly string[],
    shown: string,
  ])[] = [
    [
      'an option that the error repeats',
      'cannot mount with hunter22 as bob',
      ['hunter22', 'bob'],
      'cannot mount with *** as bob',
    ],
    ['an option within another', 'tried abcd and abcdef', ['abcd', 'abcdef'], 'tried *** and ***'],
    [
      'a password with its name',
      'mount -o user=bob,password=hunter2,ro',
      [],
      'mount -o user=bob,password=***,ro',
    ],
    ['a key in JSON', '{"secret_key": "a b", "x": 1}', [], '{"secret_key": ***, "x": 1}'],
    ['a password in an address', 'GET https://bob:hunter2@host/x', [], 'GET https://bob:***@host/x'],
    ['a token in upper case', 'AWS_SESSION_TOKEN=abc failed', [], 'AWS_SESSION_TOKEN=*** failed'],
    ['nothing else', 'no such file: /mnt/pass/data', [], 'no such file: /mnt/pass/data'],
  ];
  for (const [name, error, secrets, shown] of texts) {
    test(name, () => assert.equal(errorOf({ error, secrets }), shown));
  }

  for (const method of ['SecretProvider.GetSecret', 'AuthZPlugin.AuthZReq', 'LogDriver.StartLogging']) {
    test(`an error of ${method} is not recorded, but the reason why it was not called`, () => {
      assert.equal(errorOf({ method, error: 'bad request: {"User":"bob"}' }), 'not recorded');
      assert.equal(errorOf({ method, error: 'not ready', outcome: 'refused' }), 'not ready');
    });
  }

  test('a secret at the place where a long error is cut is not shown in part', () => {
    const error = `${'x'.repeat(496)}hunter22${'y'.repeat(20_000)}`;
    assert.equal(errorOf({ error, secrets: ['hunter22'] }), `${'x'.repeat(496)}***y…`);
  });
});

test('every text is bounded, and a line has no line end', () => {
  const long = '\n'.repeat(100_000);
  const line = encodeCall({
    plugin: { id: 'id', name: 'acme/p:latest' },
    method: long,
    volume: long,
    error: long,
    consumer: { isByHand: false },
    startedAt: 0,
    durationMs: 1,
    outcome: 'failure',
    requestBytes: 0,
    answerBytes: 0,
  });
  assert.ok(line.length < 3000, `${line.length} characters`);
  assert.equal(line.includes('\n'), false);
});
