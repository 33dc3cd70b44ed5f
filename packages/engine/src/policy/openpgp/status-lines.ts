/**
 * Reads what `gpgv` says about a signed message. Its exit code alone says nothing: it accepts expired keys.
 * @see GnuPG doc/DETAILS, "Format of the --status-fd output"
 */
import { SignatureProblem } from '../document/signature-problem.ts';

/** The maker of a valid signature. */
export interface PgpSigner {
  /** Fingerprint of the primary key, in capital hexadecimal digits. */
  readonly fingerprint: string;
  /** Time of the signature, as its maker claims. */
  readonly signedAt: Date;
}

const prefix = '[GNUPG:] ';

/** Keywords that occur beside those of one valid signature, and change nothing. */
const harmless: ReadonlySet<string> = new Set([
  // About any subkey. Those about the key of the signature are below.
  'KEYEXPIRED',
  'KEYREVOKED',
  'VERIFICATION_COMPLIANCE_MODE',
  'KEY_CONSIDERED',
  'SIG_ID',
  'PLAINTEXT_LENGTH',
  'NOTATION_NAME',
  'NOTATION_FLAGS',
  'NOTATION_DATA',
  'POLICY_URL',
]);

/** Reasons by keyword, in the order in which they are looked for. */
const reasons: readonly (readonly [string, string])[] = [
  ['NO_PUBKEY', 'was made by another key'],
  ['BADSIG', 'does not verify: its content was changed'],
  ['REVKEYSIG', 'was made by a key that is revoked'],
  ['EXPKEYSIG', 'was made by a key that has expired'],
  ['EXPSIG', 'has expired'],
  ['ERRSIG', 'cannot be verified: its algorithm is not supported'],
  ['NODATA', 'is no signed message of OpenPGP'],
];

/**
 * Read the status lines.
 * @returns the maker of the only signature
 * @throws {SignatureProblem} for anything but one message with one valid signature
 */
export function readStatusLines(text: string): PgpSigner {
  const lines = text.split('\n').filter((line) => line.startsWith(prefix));
  const fields = lines.map((line) => line.slice(prefix.length).split(' '));
  const count = (keyword: string) => fields.filter(([name]) => name === keyword).length;
  if (count('NEWSIG') > 1) throw new SignatureProblem('has several signatures: want one in a file');
  const reason = reasons.find(([keyword]) => count(keyword) > 0);
  if (reason !== undefined) throw new SignatureProblem(`${reason[1]}${describeKey(reason[0], fields)}`);
  const [, fingerprint = '', , seconds = ''] = fields.find(([name]) => name === 'VALIDSIG') ?? [];
  const isOne = ['PLAINTEXT', 'NEWSIG', 'GOODSIG', 'VALIDSIG'].every((keyword) => count(keyword) === 1);
  const isKnown = fields.every(([name = '']) => harmless.has(name) || isOfOneSignature(name));
  if (!isOne || !isKnown || !/^[0-9A-F]{40,64}$/.test(fingerprint) || !/^\d{1,12}$/.test(seconds)) {
    throw new SignatureProblem('is no message of OpenPGP with one valid signature');
  }
  return { fingerprint: primaryOf(fields) ?? fingerprint, signedAt: new Date(Number(seconds) * 1000) };
}

function isOfOneSignature(keyword: string): boolean {
  return ['PLAINTEXT', 'NEWSIG', 'GOODSIG', 'VALIDSIG'].includes(keyword);
}

/** The tenth argument; equal to the first one unless a subkey signed. */
function primaryOf(fields: readonly (readonly string[])[]): string | undefined {
  const primary = fields.find(([name]) => name === 'VALIDSIG')?.[10];
  return primary !== undefined && /^[0-9A-F]{40,64}$/.test(primary) ? primary : undefined;
}

/** The key, as far as the line names it: key IDs and fingerprints are in hexadecimal digits. */
function describeKey(keyword: string, fields: readonly (readonly string[])[]): string {
  const named = fields.find(([name]) => name === keyword)?.[1] ?? '';
  return /^[0-9A-F]{16,64}$/.test(named) ? ` (key ${named})` : '';
}
