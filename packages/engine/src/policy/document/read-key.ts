/**
 * Reads the keys that a policy names.
 */

import type { KeySource } from './policy-document.ts';
import { policyError } from './policy-fields.ts';
import { readBoundedFile } from './read-bounded-file.ts';

/** Upper bound of a file with keys or certificates, in bytes. */
const maxKeyBytes = 1024 * 1024;

/** @throws {OutboardError} invalid when it is too large; system when the file cannot be read */
export async function readKey(source: KeySource): Promise<Buffer> {
  const bytes =
    source.kind === 'file' ? await readBoundedFile('key', source.path, maxKeyBytes) : source.bytes;
  if (bytes.length <= maxKeyBytes) return bytes;
  throw policyError('', `${nameOfKey(source)} has more than ${maxKeyBytes} bytes`);
}

/** The file of a key, or a text that stands for one in the policy itself. */
export function nameOfKey(source: KeySource): string {
  return source.kind === 'file' ? source.path : 'a key in the policy';
}
