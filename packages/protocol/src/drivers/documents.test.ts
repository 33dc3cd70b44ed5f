import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Codec, isJsonObject, type JsonValue } from '@outboard/oci';
import { arbitraryValue } from '@outboard/oci/testing';
import fc from 'fast-check';
import { readReply } from '../calls/plugin-reply.ts';
import * as authorization from './authorization/authorization-documents.ts';
import * as ipam from './ipam/ipam-documents.ts';
import * as network from './network/network-documents.ts';
import * as secrets from './secrets/secret-documents.ts';

/** The document with other letter case in every field name but those of free maps. */
function respelled(value: JsonValue, { shape }: Codec<unknown>): JsonValue {
  if (shape.kind === 'list' && Array.isArray(value)) return value.map((item) => respelled(item, shape.item));
  if (shape.kind !== 'object' || !isJsonObject(value)) return value;
  const codecs = new Map(Object.values(shape.fields).map(({ name, codec }) => [name, codec]));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => {
      const codec = codecs.get(name);
      return [name.toLowerCase(), codec === undefined ? item : respelled(item, codec)];
    }),
  );
}

for (const [kind, documents] of Object.entries({ authorization, ipam, network, secrets })) {
  for (const [name, codec] of Object.entries(documents) as [string, Codec<unknown>][]) {
    test(`every field of ${kind} ${name.replace('Codec', '')} comes back from its document`, () => {
      fc.assert(
        fc.property(arbitraryValue(codec), (value) => {
          const document = respelled(JSON.parse(JSON.stringify(codec.encode(value))), codec);
          assert.ok(isJsonObject(document));
          const read = readReply(document, 'X.Y').decode(codec);
          assert.equal(JSON.stringify(codec.encode(read)), JSON.stringify(codec.encode(value)));
        }),
      );
    });
  }
}

test('a reply with a malformed field is refused with its path, and without its value when it is confidential', () => {
  const reply = JSON.parse('{"interfacename":{"srcname":1}}');
  assert.throws(() => readReply(reply, 'X.Y').decode(network.joinCodec), {
    code: 'plugin-reply-malformed',
    message: 'X.Y: malformed reply: want "InterfaceName.SrcName" to be a string, got 1',
  });
  assert.throws(() => readReply(reply, 'X.Y', { confidential: true }).decode(network.joinCodec), {
    message: 'X.Y: malformed reply: want "InterfaceName.SrcName" to be a string, got something else',
  });
  assert.throws(() => readReply({}, 'X.Y').decode(ipam.addressPoolCodec), {
    message: 'X.Y: malformed reply: want "Pool" to be an address with a prefix length, got nothing',
  });
});
