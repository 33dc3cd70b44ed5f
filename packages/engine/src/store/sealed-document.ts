/**
 * JSON documents that carry a checksum of themselves, so that damage is noticed and never taken for content.
 */
import { digestOf, isJsonObject, type JsonObject, OutboardError } from '@outboard/oci';

/** The document on one line, with its checksum as the last key. */
export function sealDocument(document: JsonObject): string {
  return `${JSON.stringify({ ...document, Checksum: checksumOf(document) })}\n`;
}

/**
 * The document without its checksum.
 * @throws {OutboardError} system when it is no JSON object or differs from what was sealed
 */
export function unsealDocument(text: string): JsonObject {
  const { Checksum, ...document } = parseObject(text);
  // Keys keep their order through JSON.parse, so a document read back has the checksum of the one written.
  const expected = checksumOf(document);
  if (Checksum === expected) return document;
  throw new OutboardError('system', `checksum is ${JSON.stringify(Checksum)}, want ${expected}`);
}

function parseObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new OutboardError('system', 'not JSON', { cause });
  }
  if (isJsonObject(value)) return value;
  throw new OutboardError('system', 'not a JSON object');
}

function checksumOf(document: JsonObject): string {
  return digestOf(Buffer.from(JSON.stringify(document)));
}
