import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Codec, canonicalizeFields, decodeDocument, type JsonValue } from '@outboard/oci';
import { arbitraryValue } from '@outboard/oci/testing';
import fc from 'fast-check';
import { optionsCodec } from '../config/option-table.ts';
import { configCodec, pluginCodec, privilegeCodec, settingsCodec } from '../config/plugin-config.ts';
import { referenceCodec } from '../references/plugin-references.ts';
import { failureCodec } from '../supervise/plugin-failure.ts';
import { volumeRecordCodec } from '../volumes/volume-record.ts';
import { recordCodec } from './plugin-record-document.ts';

const documents: Readonly<Record<string, Codec<unknown>>> = {
  'config.json': configCodec,
  settings: settingsCodec,
  privilege: privilegeCodec,
  options: optionsCodec,
  plugin: pluginCodec,
};

/** The document with every key in another letter case, in reverse order. */
function respelled(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(respelled);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key.toUpperCase(), respelled(item)] as const);
  return Object.fromEntries(entries.reverse());
}

function copy(value: JsonValue): JsonValue {
  return JSON.parse(JSON.stringify(value));
}

/** Files of Outboard alone, whose keys are read as they are written. */
const ownFiles: Readonly<Record<string, Codec<unknown>>> = {
  'volume record': volumeRecordCodec,
  'reference to a plugin': referenceCodec,
  'last failure': failureCodec,
};

for (const [name, codec] of Object.entries(ownFiles)) {
  test(`every field of a ${name} comes back from its document`, () => {
    fc.assert(
      fc.property(arbitraryValue(codec), (value) => {
        assert.deepEqual(decodeDocument(codec, copy(codec.encode(value)), name), value);
      }),
    );
  });
}

for (const [name, codec] of Object.entries(documents)) {
  describe(`every field of ${name}`, () => {
    test('comes back from its document, null and [] apart', () => {
      fc.assert(
        fc.property(arbitraryValue(codec), (value) => {
          assert.deepEqual(decodeDocument(codec, copy(codec.encode(value)), name), value);
        }),
      );
    });

    test('is read in any letter case and order, and written in the order of the table', () => {
      fc.assert(
        fc.property(arbitraryValue(codec), (value) => {
          const document = copy(codec.encode(value));
          const read = canonicalizeFields(respelled(document), codec, name);
          assert.equal(JSON.stringify(read), JSON.stringify(document));
        }),
      );
    });
  });
}

test('every field of a record comes back from its document', () => {
  fc.assert(
    fc.property(arbitraryValue(recordCodec), (value) => {
      // Options of a record are validated as well, by tests of their own.
      const { own: _own, ...content } = value;
      assert.deepEqual(decodeDocument(recordCodec, copy(recordCodec.encode(content)), 'record'), content);
    }),
  );
});
