/**
 * Reads objects of a policy: every field is read or refused, so that no condition is lost by a misspelt name.
 */

import { isAbsolute } from 'node:path';
import { type JsonObject, OutboardError, showValue } from '@outboard/oci';

/** The fields of one object. Each method reads one field; `end` refuses those that were not read. */
export interface PolicyFields {
  has(name: string): boolean;
  /** A text that is not empty. @throws {OutboardError} invalid when it is absent or no text */
  text(name: string): string;
  /** An absolute path. @throws {OutboardError} invalid */
  path(name: string): string;
  /** At least one absolute path. @throws {OutboardError} invalid */
  paths(name: string): readonly string[];
  /** Bytes in base64. @throws {OutboardError} invalid */
  bytes(name: string): Buffer;
  /** At least one text with bytes in base64. @throws {OutboardError} invalid */
  byteLists(name: string): readonly Buffer[];
  /** An object. @throws {OutboardError} invalid */
  object(name: string): PolicyFields;
  /** Read any value. */
  value(name: string): unknown;
  /** The one of several fields that is present. @throws {OutboardError} invalid when there is none, or more than one */
  oneOf<Name extends string>(names: readonly Name[]): Name;
  /** An error about this object. */
  refuse(problem: string): OutboardError;
  /** @throws {OutboardError} invalid when there are fields that were not read */
  end(): void;
}

/** @param where path of the object in the document, for messages */
export function readPolicyObject(value: unknown, where: string): PolicyFields {
  const known = new Set<string>();
  const refuse = (problem: string) => policyError(where, problem);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(`want an object, got ${showValue(value)}`);
  }
  const source = value as JsonObject; // from a JSON parser
  const take = (name: string) => {
    known.add(name);
    return Object.hasOwn(source, name) ? source[name] : undefined;
  };
  const within = (name: string) => (where === '' ? name : `${where}.${name}`);
  return {
    has: (name) => Object.hasOwn(source, name),
    text: (name) => readText(take(name), within(name)),
    path: (name) => readPath(take(name), within(name)),
    paths: (name) => readList(take(name), within(name), readPath),
    bytes: (name) => readBase64(take(name), within(name)),
    byteLists: (name) => readList(take(name), within(name), readBase64),
    object: (name) => readPolicyObject(take(name), within(name)),
    value: take,
    oneOf(names) {
      const present = names.filter((name) => Object.hasOwn(source, name));
      const [only, other] = present;
      if (only !== undefined && other === undefined) return only;
      const found = only === undefined ? 'none' : present.map((name) => `"${name}"`).join(' and ');
      throw refuse(`want exactly one of ${names.map((name) => `"${name}"`).join(', ')}, got ${found}`);
    },
    refuse,
    end() {
      const unknown = Object.keys(source).find((name) => !known.has(name));
      if (unknown !== undefined) throw refuse(`unknown field ${showValue(unknown)}`);
    },
  };
}

/** An error of kind invalid about one place of a policy. @param where empty for the document itself */
export function policyError(where: string, problem: string): OutboardError {
  const place = where === '' ? '' : ` at "${where}"`;
  return new OutboardError('invalid', `invalid signature policy${place}: ${problem}`, {
    code: 'policy-file',
  });
}

function readText(value: unknown, where: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw policyError(where, `want text that is not empty, got ${showValue(value)}`);
}

function readPath(value: unknown, where: string): string {
  const path = readText(value, where);
  if (isAbsolute(path)) return path;
  throw policyError(where, `want an absolute path, got ${showValue(path)}`);
}

function readBase64(value: unknown, where: string): Buffer {
  const text = readText(value, where).replace(/\s/g, '');
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0) return Buffer.from(text, 'base64');
  throw policyError(where, 'want base64');
}

function readList<Item>(
  value: unknown,
  where: string,
  read: (item: unknown, where: string) => Item,
): readonly Item[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw policyError(where, `want a list that is not empty, got ${showValue(value)}`);
  }
  return value.map((item, index) => read(item, `${where}[${index}]`));
}
