/**
 * Reads the JSON body of a request by a codec, with the rules of Go's decoder as Docker uses it: field names in any letter
 * case, and an absent or null field has the zero value. Other than in Go a field that is given twice is refused, since an
 * authorization plugin could read the other one.
 */
import {
  type Codec,
  canonicalizeFields,
  DocumentMismatch,
  isJsonObject,
  type JsonValue,
} from '@outboard/oci';
import { HttpError } from './errors.ts';
import type { RequestBody } from './request-body.ts';

/** Treatment of fields that the codec does not have. */
export interface JsonRules {
  /** `ignore` as Docker's routes; `refuse` on Outboard's own, so that a misspelt field is not lost. Default ignore. */
  readonly unknownFields?: 'ignore' | 'refuse' | undefined;
}

/**
 * Read and decode a body. An empty body is an absent value, which `codec.required()` refuses.
 * @throws {HttpError} as `RequestBody.json()`; 400 with the field and the expected type. Values may be secret, so that no
 *   error repeats them
 */
export async function readJsonBody<Value>(
  body: RequestBody,
  codec: Codec<Value>,
  rules: JsonRules = {},
): Promise<Value> {
  return decodeJson(await body.json(), codec, rules);
}

/**
 * Decode a JSON document that was parsed already.
 * @throws {HttpError} 400; {OutboardError} invalid if a field is given twice
 */
export function decodeJson<Value>(document: unknown, codec: Codec<Value>, rules: JsonRules = {}): Value {
  // Parsed JSON, or undefined for an empty body.
  const canonical = canonicalizeFields(document as JsonValue, codec, 'invalid JSON');
  if (rules.unknownFields === 'refuse') refuseUnknownFields(canonical, codec);
  try {
    return codec.decode(canonical);
  } catch (error) {
    if (error instanceof DocumentMismatch) throw new HttpError(400, describeMismatch(error));
    throw error;
  }
}

function refuseUnknownFields(document: JsonValue, { shape }: Codec<unknown>): void {
  if (shape.kind !== 'object' || !isJsonObject(document)) return;
  const names = Object.values(shape.fields).map(({ name }) => name);
  const unknown = Object.keys(document).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const known = names.map((name) => JSON.stringify(name)).join(', ');
  throw new HttpError(400, `unknown field ${JSON.stringify(unknown)}: expected one of ${known}`);
}

function describeMismatch({ path, expected }: DocumentMismatch): string {
  if (path === '') return `invalid JSON: expected ${expected.replace(/ or null$/, '')}`;
  const element = /^\[(\d+)\]$/.exec(path)?.[1];
  const where = element === undefined ? `field ${JSON.stringify(path)}` : `element ${element}`;
  return `invalid JSON: ${where}: expected ${expected}`;
}
