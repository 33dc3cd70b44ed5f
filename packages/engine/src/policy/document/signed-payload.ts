/**
 * The payload of signatures in the form of "simple signing", which OpenPGP and cosign share: a name and a digest.
 * @see containers-signature(5), "JSON data format"; cosign specs/SIGNATURE_SPEC.md
 */
import {
  type Digest,
  isJsonObject,
  isOutboardError,
  type JsonObject,
  parseDigest,
  parseStrictJson,
  showValue,
} from '@outboard/oci';
import { SignatureProblem } from './signature-problem.ts';

/** Upper bound of a payload and of other documents of a signature, in bytes. */
const maxDocumentBytes = 1024 * 1024;

/** The name and the digest that were signed. */
export interface SignedPayload {
  readonly digest: Digest;
  /** Such as `registry.example/acme/p:v1`; unchecked. */
  readonly identity: string;
}

/**
 * Read a payload. Fields of `critical` that are unknown may restrict the signature, and are refused.
 * @param type the value of `critical.type`
 * @throws {SignatureProblem} when it is malformed or of another type
 */
export function readSignedPayload(payload: Buffer, type: string): SignedPayload {
  const document = readObject(parseJson(payload, 'payload'), 'payload');
  const critical = readObject(document.critical, 'payload');
  const identity = readObject(critical.identity, 'identity');
  const image = readObject(critical.image, 'image');
  for (const [value, names] of [
    [critical, ['identity', 'image', 'type']],
    [identity, ['docker-reference']],
    [image, ['docker-manifest-digest']],
  ] as const) {
    const unknown = Object.keys(value).find((name) => !(names as readonly string[]).includes(name));
    if (unknown !== undefined)
      throw new SignatureProblem(`has the unknown critical field ${showValue(unknown)}`);
  }
  if (critical.type !== type) {
    throw new SignatureProblem(`is of type ${showValue(critical.type)}, not "${type}"`);
  }
  const reference = identity['docker-reference'];
  if (typeof reference !== 'string') throw new SignatureProblem('has no docker-reference');
  return { digest: readDigest(image['docker-manifest-digest']), identity: reference };
}

function readDigest(value: unknown): Digest {
  try {
    return parseDigest(String(value));
  } catch (error) {
    throw malformed(error, 'digest');
  }
}

/** Parse a document of a signature. @param subject its name in the error @throws {SignatureProblem} */
export function parseJson(bytes: Buffer, subject: string): unknown {
  try {
    return parseStrictJson(bytes, { maxBytes: maxDocumentBytes, maxDepth: 16, subject });
  } catch (error) {
    throw malformed(error, subject);
  }
}

/** Require an object. @throws {SignatureProblem} */
export function readObject(value: unknown, subject: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw new SignatureProblem(`has a malformed ${subject}`);
}

/** The reason for a part that cannot be read. */
export function malformed(error: unknown, subject: string): SignatureProblem {
  const reason = isOutboardError(error) ? `: ${error.message}` : '';
  return new SignatureProblem(`has a malformed ${subject}${reason}`, { cause: error });
}
