/**
 * Signatures as lines of text.
 */
import { escapeText } from '../terminal/escape-text.ts';

/** The facts about a signature that are shown; unknown ones are empty. */
export interface ShownSignature {
  readonly key: string;
  readonly subject: string;
  readonly issuer: string;
  readonly identity: string;
  readonly signedAt: string;
  readonly logIndex: string;
}

/** One line for each signature. */
export function formatSignatures(signatures: readonly ShownSignature[]): string {
  if (signatures.length === 0) return ' - no signature is asked for\n';
  return signatures.map((signature) => ` - ${formatSignature(signature)}\n`).join('');
}

/** Such as `signed by dev@acme.test (https://issuer.test) for registry.test/acme/p on 2026-11-30T08:00:00.000Z, log entry 7`. */
function formatSignature(signature: ShownSignature): string {
  const { identity, signedAt, logIndex } = signature;
  const name = identity === '' ? 'for any name' : `for ${identity}`;
  const time = signedAt === '' ? '' : ` on ${signedAt}`;
  const entry = logIndex === '' ? '' : `, log entry ${logIndex}`;
  return escapeText(`signed by ${signerOf(signature)} ${name}${time}${entry}`);
}

/** The holder of the certificate with its issuer, or the key. */
function signerOf({ subject, issuer, key }: Pick<ShownSignature, 'subject' | 'issuer' | 'key'>): string {
  if (subject === '') return `the key ${key}`;
  return issuer === '' ? subject : `${subject} (${issuer})`;
}
