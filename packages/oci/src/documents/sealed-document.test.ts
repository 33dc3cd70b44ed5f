import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isOutboardError } from '../errors/outboard-error.ts';
import type { JsonObject } from './json-document.ts';
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
      assert.deepEqual(unsealDocument(JSON.parse(JSON.stringify(sealDocument(document)))), document);
    }),
  );
});

test('unsealDocument() notices a changed character anywhere', () => {
  const sealed = JSON.stringify(sealDocument({ Version: 1, Uses: [{ Holder: 'podman' }] }));
  for (let index = 0; index < sealed.length; index += 1) {
    const changed = `${sealed.slice(0, index)}${sealed[index] === 'x' ? 'y' : 'x'}${sealed.slice(index + 1)}`;
    assert.throws(
      () => unsealDocument(JSON.parse(changed)),
      (error) => error instanceof SyntaxError || isOutboardError(error, 'system'),
      `changed at ${index}`,
    );
  }
});

for (const text of ['null', '[]', '{}', '"text"', '{"Checksum":1}', '{"Version":1}']) {
  test(`unsealDocument() refuses ${text}`, () => {
    assert.throws(
      () => unsealDocument(JSON.parse(text)),
      (error) => isOutboardError(error, 'system'),
    );
  });
}
