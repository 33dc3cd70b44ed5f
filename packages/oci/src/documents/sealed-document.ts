/**
 * Sealed documents: JSON objects that hold a checksum of themselves, so that damage is never read as content.
 */
import { digestOf } from '../digests/digest.ts';
import { OutboardError } from '../errors/outboard-error.ts';
import { isJsonObject, type JsonObject } from './json-document.ts';

/** The document with its checksum as the last key, `Checksum`. */
export function sealDocument(document: JsonObject): JsonObject {
  return { ...document, Checksum: checksumOf(document) };
}

/**
 * The document without its checksum.
 * @throws {OutboardError} system for anything but a JSON object with the right checksum
 */
export function unsealDocument(value: unknown): JsonObject {
  if (!isJsonObject(value)) throw new OutboardError('system', 'not a JSON object');
  const { Checksum, ...document } = value;
  // Keys keep their order through JSON.parse, so that a document read back has the checksum of the one written.
  const expected = checksumOf(document);
  if (Checksum === expected) return document;
  throw new OutboardError('system', `checksum is ${JSON.stringify(Checksum)}, want ${expected}`);
}

function checksumOf(document: JsonObject): string {
  return digestOf(Buffer.from(JSON.stringify(document)));
}
