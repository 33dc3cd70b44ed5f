import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { createListEncoder } from './list-pieces.ts';

interface Item {
  readonly id: string;
  readonly value: number;
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const makeItems = (count: number): Item[] =>
  Array.from({ length: count }, (_, index) => ({ id: hash(`item ${index}`), value: 0 }));
const encode = (item: Item) => Buffer.from(JSON.stringify(item));

for (const count of [0, 1, 2, 63, 64, 65, 1000]) {
  test(`a list of ${count} is a JSON array with a newline at its end`, async () => {
    const items = makeItems(count);
    const pieces = await createListEncoder(encode)(items);
    assert.equal(Buffer.concat(pieces).toString(), `${JSON.stringify(items)}\n`);
  });
}

test('plugins whose IDs end no piece are divided all the same', async () => {
  const items = Array.from({ length: 200 }, (_, value) => ({ id: 'f'.repeat(64), value }));
  const pieces = await createListEncoder(encode)(items);
  assert.equal(Buffer.concat(pieces).toString(), `${JSON.stringify(items)}\n`);
  assert.ok(Math.max(...pieces.map(({ length }) => length)) < 65 * 100);
});

const changes = {
  'one is changed': (items: readonly Item[]) => items.with(500, { id: items[500]?.id ?? '', value: 1 }),
  'one is removed': (items: readonly Item[]) => items.toSpliced(500, 1),
  'one is added': (items: readonly Item[]) => items.toSpliced(500, 0, { id: hash('new'), value: 2 }),
};
for (const [name, change] of Object.entries(changes)) {
  test(`when ${name} of 1,000, nearly all is taken from the list before`, async () => {
    const items = makeItems(1000);
    let encoded = 0;
    const encodeList = createListEncoder((item: Item) => {
      encoded += 1;
      return encode(item);
    });
    const before = new Set(await encodeList(items));
    encoded = 0;
    const changed = change(items);
    const after = await encodeList(changed);
    assert.equal(Buffer.concat(after).toString(), `${JSON.stringify(changed)}\n`);
    // Two pieces of 64 at most, when the change moved a bound.
    assert.ok(encoded <= 128, `${encoded} elements were encoded again`);
    assert.ok(after.filter((piece) => !before.has(piece)).length <= 3 + 1, 'pieces are shared');
  });
}
