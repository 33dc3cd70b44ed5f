import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOutboardError, type JsonObject } from '@outboard/oci';
import fc from 'fast-check';
import { sealDocument, unsealDocument } from './sealed-document.ts';

const documents = fc
  .dictionary(
    fc.string().filter((key) => key !== 'Checksum' && key !== '__proto__'),
    fc.jsonValue(),
  )
  // fast-check's JSON values are ours.
  .map((document) => JSON.parse(JSON.stringify(document)) as JsonObject);

test('unsealDocument() gives back what was sealed', () => {
  fc.assert(
    fc.property(documents, (document) => {
      assert.deepEqual(unsealDocument(sealDocument(document)), document);
    }),
  );
});

test('unsealDocument() notices a changed character anywhere', () => {
  const sealed = sealDocument({ Version: 1, Uses: [{ Holder: 'podman' }] });
  for (let index = 0; index < sealed.length - 1; index += 1) {
    const changed = `${sealed.slice(0, index)}${sealed[index] === 'x' ? 'y' : 'x'}${sealed.slice(index + 1)}`;
    assert.throws(
      () => unsealDocument(changed),
      (error) => isOutboardError(error, 'system'),
      `changed at ${index}`,
    );
  }
});

for (const text of ['', 'null', '[]', '{}', '"text"', '{"Checksum":1}', '{"Version":1}']) {
  test(`unsealDocument() refuses ${text || 'nothing'}`, () => {
    assert.throws(
      () => unsealDocument(text),
      (error) => isOutboardError(error, 'system'),
    );
  });
}
