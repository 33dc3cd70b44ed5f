import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PluginError } from '../plugin-error.ts';
import { decodeMessage, requiredTextField, textField, textMapField } from './message.ts';

function decode(text: string): ReturnType<typeof decodeMessage> {
  return decodeMessage(Buffer.from(text));
}

for (const [name, body] of [
  ['an empty body', ''],
  ['white space', ' \n'],
  ['an empty object', '{}'],
  ['null', 'null\n'],
] as const) {
  test(`decodeMessage() decodes ${name} as the empty message`, () => {
    assert.equal(decode(body).size, 0);
  });
}

for (const [name, body] of [
  ['text that is not JSON', 'Name=x'],
  ['half a value', '{"Name":'],
  ['an array', '[]'],
  ['a number', '1'],
  ['bytes that are not UTF-8', '\xff'],
] as const) {
  test(`decodeMessage() refuses ${name} with status 400`, () => {
    assert.throws(
      () => decodeMessage(Buffer.from(body, 'latin1')),
      (error) => error instanceof PluginError && error.status === 400,
    );
  });
}

test('textField() finds a field in any letter case', () => {
  assert.equal(textField(decode('{"nAmE":"v"}'), 'Name'), 'v');
});

test('textField() returns the last of several spellings, as in Go', () => {
  assert.equal(textField(decode('{"Name":"a","name":"b"}'), 'Name'), 'b');
});

test('textField() returns empty text for null and a missing field', () => {
  assert.equal(textField(decode('{"Name":null}'), 'Name'), '');
  assert.equal(textField(decode('{}'), 'Name'), '');
});

test('requiredTextField() names the missing field', () => {
  assert.throws(() => requiredTextField(decode(''), 'Name'), /field "Name" is missing/);
});

test('textField() refuses a number', () => {
  assert.throws(() => textField(decode('{"Name":1}'), 'Name'), /field "Name" is not a string/);
});

test('textMapField() returns an empty map for null, a missing field and an empty object', () => {
  for (const body of ['{"Opts":null}', '{}', '{"Opts":{}}'])
    assert.equal(textMapField(decode(body), 'Opts').size, 0);
});

test('textMapField() keeps the letter case of option names and converts other types to text', () => {
  const options = textMapField(decode('{"opts":{"Size":1,"ro":true,"x":null,"y":["a"],"z":"t"}}'), 'Opts');
  assert.deepEqual(
    [...options],
    [
      ['Size', '1'],
      ['ro', 'true'],
      ['x', ''],
      ['y', '["a"]'],
      ['z', 't'],
    ],
  );
});

test('textMapField() keeps an option named like a prototype as an option', () => {
  const options = textMapField(decode('{"Opts":{"__proto__":"a","constructor":"b"}}'), 'Opts');
  assert.deepEqual(
    [...options],
    [
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ],
  );
  assert.equal(Object.getPrototypeOf({}), Object.prototype);
});

test('textMapField() refuses an array', () => {
  assert.throws(() => textMapField(decode('{"Opts":["a=b"]}'), 'Opts'), /field "Opts" is not an object/);
});
