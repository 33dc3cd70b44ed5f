/**
 * Entries of transparency logs: proof that a signature was published, and when.
 * @see Rekor, "Signed entry timestamp" and "Inclusion proof"
 */
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { isJsonObject, type JsonObject, parseStrictJson } from '@outboard/oci';
import type { TransparencyLogEntry } from '@sigstore/bundle';
import type { TrustMaterial } from '@sigstore/verify';
import { SignatureProblem } from '../document/signature-problem.ts';
import type { AttachedSignature } from './attached-signature.ts';

/** Proof of publication, for the record. */
export interface LogEvidence {
  readonly signedAt?: Date;
  readonly logIndex: string;
}

/** A key, and the times at which it may sign. */
export interface CheckedKey {
  readonly key: KeyObject;
  /** Called for every time that log or time stamp authority confirm. @throws {SignatureProblem} when it was not valid */
  readonly requireValidAt?: ((time: Date) => void) | undefined;
}

const maxCheckpoint = 64 * 1024;

/** Keys of logs and time stamp authorities. */
type EvidenceMaterial = Pick<TrustMaterial, 'tlogs' | 'timestampAuthorities'>;

/**
 * Verify a signature with its log entries and time stamps.
 * @throws {SignatureProblem} when an entry is missing or wrong, or with `requireValidAt` no time is confirmed
 */
export async function requireLogged(
  signature: AttachedSignature,
  { key, requireValidAt }: CheckedKey,
  material: EvidenceMaterial,
): Promise<LogEvidence> {
  const [entry] = signature.logEntries;
  if (entry === undefined) throw new SignatureProblem('has no entry of a transparency log');
  for (const logged of signature.logEntries) requireEntryOf(logged, key);
  const needsTime = requireValidAt !== undefined;
  if (needsTime) requireTime(signature, material);
  const { Verifier } = await import('@sigstore/verify');
  let earliest: Date | undefined;
  const publicKey = () => ({
    publicKey: key,
    validFor(time: Date) {
      requireValidAt?.(time);
      if (earliest === undefined || time < earliest) earliest = time;
      return true;
    },
  });
  const trust = {
    certificateAuthorities: [],
    ctlogs: [],
    timestampAuthorities: material.timestampAuthorities,
    tlogs: material.tlogs.map((log) => withName(log, signature.logEntries)),
    publicKey,
  };
  const options = { tlogThreshold: 1, ctlogThreshold: 0, timestampThreshold: needsTime ? 1 : 0 };
  const signed = await toSignedEntity(signature, needsTime ? material : undefined);
  inWords(() => new Verifier(trust, options).verify({ ...signed, key: { $case: 'public-key', hint: '' } }));
  const logged = entry.inclusionPromise && new Date(Number(entry.integratedTime) * 1000);
  const signedAt = earliest ?? logged;
  return { logIndex: entry.logIndex, ...(signedAt !== undefined && { signedAt }) };
}

/** Entries of newer logs have no time: a time stamp authority confirms it. */
function requireTime(
  { logEntries, timestamps }: AttachedSignature,
  { timestampAuthorities }: EvidenceMaterial,
): void {
  if (logEntries.some(({ inclusionPromise }) => inclusionPromise !== undefined)) return;
  if (timestamps.length === 0) {
    throw new SignatureProblem('has no time: its log entry confirms none, and it has no time stamp');
  }
  if (timestampAuthorities.length === 0) {
    throw new SignatureProblem(
      'has no time that counts: its log entry confirms none, and the policy names no authority for its time stamp: want one in "trustedRootPath"',
    );
  }
}

/**
 * The form of the library.
 * @param material with the authorities whose time stamps count: without any, those of a signature are left out; undefined
 *   where no time matters
 */
export async function toSignedEntity(
  { content, logEntries, timestamps }: AttachedSignature,
  material: Pick<EvidenceMaterial, 'timestampAuthorities'> | undefined,
) {
  const { RFC3161Timestamp } = await import('@sigstore/core');
  const times = material !== undefined && material.timestampAuthorities.length > 0 ? timestamps : [];
  return inWords(() => ({
    signature: content,
    tlogEntries: [...logEntries],
    timestamps: [
      ...(material === undefined ? [] : logEntries).map(
        (tlogEntry) => ({ $case: 'transparency-log', tlogEntry }) as const,
      ),
      ...times.map((der) => {
        return { $case: 'timestamp-authority', timestamp: RFC3161Timestamp.parse(Buffer.from(der)) } as const;
      }),
    ],
  }));
}

/** Run the library's verification: every error in it comes of what the registry sent. @throws {SignatureProblem} */
export function inWords<Result>(verify: () => Result): Result {
  try {
    return verify();
  } catch (error) {
    if (error instanceof SignatureProblem) throw error;
    const { message, cause } = error instanceof Error ? error : new Error('malformed');
    const because = cause instanceof Error ? `: ${cause.message}` : '';
    if (error instanceof Error && 'code' in error && error.code === 'TIMESTAMP_ERROR') {
      const problem =
        'has a time stamp that no authority of the trusted root made for it at a time of its validity';
      throw new SignatureProblem(problem, { cause: error });
    }
    throw new SignatureProblem(`is not confirmed: ${message}${because}`, { cause: error });
  }
}

/** Numbers and names of an entry are bounded before the library computes with them. */
function requireEntryOf(entry: TransparencyLogEntry, key: KeyObject): void {
  const { inclusionProof: proof } = entry;
  const numbers = [entry.logIndex, entry.integratedTime, ...(proof ? [proof.logIndex, proof.treeSize] : [])];
  if (!numbers.every((number) => /^\d{1,18}$/.test(number)))
    throw new SignatureProblem('has a malformed log entry');
  const envelope = proof?.checkpoint?.envelope ?? '';
  const [, size = '0'] = envelope.split('\n', 2);
  const names = checkpointNames(entry);
  const isPlain = names.every((name) => /^[\w.:/-]{1,256}$/.test(name));
  if (envelope.length > maxCheckpoint || !/^\d{1,18}$/.test(size) || !isPlain || names.length > 16) {
    throw new SignatureProblem('has a malformed checkpoint of a transparency log');
  }
  requireLoggedKey(entry, key);
}

function checkpointNames({ inclusionProof }: TransparencyLogEntry): readonly string[] {
  const envelope = inclusionProof?.checkpoint?.envelope ?? '';
  return [...envelope.matchAll(/\u2014 (\S+) \S+\n/g)].map(([, name = '']) => name);
}

/** The library compares the name in a checkpoint with the log's. A log that is known by its key alone has that of the checkpoint. */
function withName(log: TrustMaterial['tlogs'][number], entries: readonly TransparencyLogEntry[]) {
  return log.baseURL === '' ? { ...log, baseURL: entries.flatMap(checkpointNames).join(' ') } : log;
}

/** Compare the key in an entry with the one that is trusted: some signatures verify with other keys too. */
function requireLoggedKey({ canonicalizedBody, kindVersion }: TransparencyLogEntry, key: KeyObject): void {
  if (kindVersion?.version !== '0.0.1') return;
  const encoded = loggedKey(parseBody(canonicalizedBody));
  if (encoded === undefined) return;
  const der = key.export({ type: 'spki', format: 'der' });
  if (!parseLoggedKey(encoded).export({ type: 'spki', format: 'der' }).equals(der)) {
    throw new SignatureProblem('is in the transparency log with another key');
  }
}

function parseBody(body: Buffer): JsonObject {
  try {
    const parsed = parseStrictJson(body, { maxBytes: 1024 * 1024, subject: 'log entry' });
    if (isJsonObject(parsed)) return parsed;
  } catch (cause) {
    throw new SignatureProblem('has a malformed log entry', { cause });
  }
  throw new SignatureProblem('has a malformed log entry');
}

function loggedKey({ kind, spec }: JsonObject): string | undefined {
  if (!isJsonObject(spec)) return undefined;
  const [first] = Array.isArray(spec.signatures) ? spec.signatures : [];
  const signature = kind === 'hashedrekord' ? spec.signature : first;
  if (!isJsonObject(signature)) return undefined;
  const key = isJsonObject(signature.publicKey) ? signature.publicKey.content : signature.verifier;
  return typeof key === 'string' ? key : undefined;
}

/** A public key or a certificate in PEM, in base64. */
function parseLoggedKey(encoded: string): KeyObject {
  const pem = Buffer.from(encoded, 'base64').toString('latin1');
  try {
    return pem.includes('CERTIFICATE') ? new X509Certificate(pem).publicKey : createPublicKey(pem);
  } catch (cause) {
    throw new SignatureProblem('has a malformed key in its log entry', { cause });
  }
}
