import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '@outboard/oci';
import { createMessageReader } from './child-messages.ts';
import type { JailMessage } from './jail-protocol.ts';

const layer = {
  diffId: digestOf(Buffer.alloc(0)),
  compression: 'gzip',
  entries: 1,
  size: 2,
  warnings: ['w'],
};

function read(...pieces: readonly string[]): JailMessage[] {
  const messages: JailMessage[] = [];
  const take = createMessageReader((message) => messages.push(message));
  for (const piece of pieces) take(piece);
  return messages;
}

test('createMessageReader() joins lines that come in pieces', () => {
  const line = `${JSON.stringify({ type: 'layer', layer })}\n`;
  const finished = '{"type":"finished"}\n';
  const messages = read(line.slice(0, 20), line.slice(20) + finished.slice(0, 3), finished.slice(3));
  assert.deepEqual(messages, [{ type: 'layer', layer }, { type: 'finished' }]);
});

for (const [title, text] of [
  ['what is not JSON', 'hello\n'],
  ['an unknown type', '{"type":"escaped"}\n'],
  ['a field too many', '{"type":"finished","more":1}\n'],
  [
    'a digest that is a path',
    `${JSON.stringify({ type: 'layer', layer: { ...layer, diffId: 'sha256:../../x' } })}\n`,
  ],
  ['a negative size', `${JSON.stringify({ type: 'layer', layer: { ...layer, size: -1 } })}\n`],
  ['a kind of error that no archive causes', '{"type":"failed","kind":"unauthorized","message":"m"}\n'],
  ['a line without end', 'x'.repeat(300_000)],
] as const) {
  test(`createMessageReader() refuses ${title}`, () => {
    assert.throws(() => read(text), { kind: 'system', message: /^the unpack jail sent/ });
  });
}
