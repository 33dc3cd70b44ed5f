import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ReplyFields, readReply } from './plugin-reply.ts';

describe('readReply()', () => {
  test('reads every type of field, with its name in any letter case', () => {
    const fields = readReply(
      JSON.parse('{"TEXT":"a","yes":true,"Number":-3,"bytes":"bnUy\\nYETJ","map":{"K":"v","n":null}}'),
      'X.Y',
    );
    assert.equal(fields.text('Text'), 'a');
    assert.equal(fields.boolean('Yes'), true);
    assert.equal(fields.integer('number'), -3);
    assert.equal(fields.bytes('Bytes').toString('hex'), '6e75326044c9');
    assert.deepEqual(
      [...fields.textMap('Map')],
      [
        ['K', 'v'],
        ['n', ''],
      ],
    );
  });

  test('reads null and absent fields as zero values', () => {
    for (const fields of [readReply({}, 'X.Y'), readReply({ a: null }, 'X.Y')]) {
      assert.deepEqual([fields.text('a'), fields.boolean('a'), fields.integer('a')], ['', false, 0]);
      assert.deepEqual([fields.bytes('a').length, fields.textMap('a').size], [0, 0]);
      assert.deepEqual([fields.object('a'), fields.objects('a'), fields.texts('a')], [undefined, [], []]);
      assert.equal(
        fields.formed('a', 'never', () => false),
        '',
      );
    }
  });

  test('reads the last of several spellings, but null replaces no value, as in Go', () => {
    assert.equal(readReply({ Err: 'a', err: 'b' }, 'X.Y').text('Err'), 'b');
    assert.equal(readReply({ Err: 'a', err: null }, 'X.Y').text('Err'), 'a');
    assert.equal(readReply({ err: null, Err: 'a' }, 'X.Y').text('Err'), 'a');
  });

  test('reads fields named like members of Object.prototype', () => {
    const fields = readReply(JSON.parse('{"__proto__":{"a":"b"},"constructor":"c"}'), 'X.Y');
    assert.equal(fields.text('toString'), '');
    assert.equal(fields.text('constructor'), 'c');
    assert.equal(fields.textMap('__proto__').get('a'), 'b');
    assert.equal(readReply(JSON.parse('{"m":{"__proto__":"x"}}'), 'X.Y').textMap('m').get('__proto__'), 'x');
  });

  const refusals: readonly (readonly [string, (fields: ReplyFields) => unknown, RegExp])[] = [
    ['a number as text', (fields) => fields.text('one'), /want "one" to be a string, got 1$/],
    [
      'text as true or false',
      (fields) => fields.boolean('text'),
      /want "text" to be true or false, got "abc"$/,
    ],
    ['a fraction as a whole number', (fields) => fields.integer('half'), /to be a whole number, got 0\.5$/],
    ['a number that is not exact', (fields) => fields.integer('big'), /to be a whole number/],
    ['text that is not base64', (fields) => fields.bytes('text'), /to be base64, got "abc"$/],
    ['base64 of the URL alphabet', (fields) => fields.bytes('url'), /to be base64/],
    ['a list as a map', (fields) => fields.textMap('list'), /to be an object, got \["a",1\]$/],
    [
      'a map of numbers as one of texts',
      (fields) => fields.textMap('map'),
      /to be an object of strings, got 1$/,
    ],
    [
      'a list with an entry that is not a string',
      (fields) => fields.texts('list'),
      /to be an array of strings, got 1$/,
    ],
    [
      'text of another form',
      (fields) => fields.formed('text', 'short', () => false),
      /to be short, got "abc"$/,
    ],
  ];
  const document = '{"one":1,"text":"abc","half":0.5,"big":1e300,"url":"__-_","list":["a",1],"map":{"a":1}}';
  for (const [name, read, message] of refusals) {
    test(`refuses ${name}`, () => {
      const fields = readReply(JSON.parse(document), 'X.Y');
      assert.throws(() => read(fields), { kind: 'system', code: 'plugin-reply-malformed', message });
    });

    test(`refuses ${name} without quoting it when it is confidential`, () => {
      const fields = readReply(JSON.parse(document), 'X.Y', { confidential: true });
      assert.throws(() => read(fields), {
        message: /^X\.Y: malformed reply: want "\w+" to be .*, got something else$/,
      });
    });
  }
});
