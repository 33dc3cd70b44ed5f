import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { createTestHost } from '../testing/test-host.ts';
import { askText } from './ask-text.ts';

describe('askText()', () => {
  const { signal } = new AbortController();
  const secret = { prompt: 'Password: ', isSecret: true };

  /** A terminal that records its raw mode. */
  const terminal = (...typed: readonly (string | Buffer)[]) => {
    const modes: boolean[] = [];
    const stdin = Object.assign(new PassThrough(), {
      isTTY: true,
      setRawMode: (isRaw: boolean) => modes.push(isRaw),
    });
    for (const chunk of typed) stdin.write(chunk);
    stdin.end();
    return { modes, host: { ...createTestHost(), stdin } };
  };

  for (const [name, typed, expected] of [
    ['a line', ['pässword 🔑\r'], 'pässword 🔑'],
    ['single keys', ['a', 'b', 'c', '\r'], 'abc'],
    ['half a character', [Buffer.from([0xc3]), Buffer.from([0xa9, 0x0d])], 'é'],
    ['backspace', ['ab🔑\x7f\x7fc\b\b\b\bd\r'], 'd'],
    ['Ctrl-U', ['wrong\x15right\r'], 'right'],
    ['arrow keys and function keys, which are not part of it', ['a\x1b[Ab\x1bOPc\x1b[3~d\r'], 'abcd'],
    ['the end of the input', ['abc'], 'abc'],
    ['Ctrl-D', ['\x04'], undefined],
  ] as const) {
    test(`reads a secret with ${name}, and shows nothing of it`, async () => {
      const { host, modes } = terminal(...typed);
      assert.equal(await askText(host, secret, signal), expected);
      assert.equal(host.out(), 'Password: \n');
      assert.deepEqual(modes, [true, false]);
    });
  }

  test('leaves what follows the line to the next question', async () => {
    const { host, modes } = terminal('me\nsecret\nrest');
    assert.equal(await askText(host, { prompt: 'Username: ', isSecret: false }, signal), 'me');
    assert.deepEqual(modes, [], 'the terminal edits the line');
    assert.equal(await askText(host, secret, signal), 'secret');
    assert.equal(host.stdin.read().toString(), 'rest');
  });

  test('ends with the signal, and leaves the raw mode', async () => {
    const { host, modes } = terminal();
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: host.stdin.setRawMode });
    const controller = new AbortController();
    const asked = askText({ ...host, stdin }, secret, controller.signal);
    const reason = new Error('interrupted');
    controller.abort(reason);
    await assert.rejects(asked, reason);
    assert.deepEqual(modes, [true, false]);
  });
});
