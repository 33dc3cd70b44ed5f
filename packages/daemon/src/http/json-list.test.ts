import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeJson, encodeJsonBytes } from './json.ts';
import { encodeJsonList } from './json-list.ts';

describe('encodeJsonList()', () => {
  const cases: readonly (readonly [string, readonly unknown[]])[] = [
    ['no element', []],
    ['one', [{ a: 'ä' }]],
    ['several pieces', Array.from({ length: 5000 }, (_, index) => ({ index, text: 'é'.repeat(50) }))],
  ];
  for (const [name, items] of cases) {
    test(`encodes ${name} as a whole document is`, async () => {
      const pieces = await encodeJsonList(items, encodeJsonBytes, {
        before: '{"Items":',
        after: ',"More":null}',
      });
      const want = `${encodeJson({ Items: items, More: null })}\n`;
      assert.equal(Buffer.concat(pieces).toString(), want);
    });
  }

  test('keeps a long document in pieces', async () => {
    const pieces = await encodeJsonList(
      Array.from({ length: 10 }, () => 'a'.repeat(100_000)),
      encodeJsonBytes,
    );
    assert.ok(pieces.length > 3, `got ${pieces.length}`);
  });
});
