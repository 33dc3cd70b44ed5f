/**
 * Signatures in the format of cosign before version 3: the signed payload is a layer of a manifest, the signature and its
 * proofs are annotations of that layer.
 * @see cosign specs/SIGNATURE_SPEC.md, "Simple Signing"
 */
import { X509Certificate } from 'node:crypto';
import type { TransparencyLogEntry } from '@sigstore/bundle';
import { SignatureProblem } from '../document/signature-problem.ts';
import { malformed, parseJson, readObject, readSignedPayload } from '../document/signed-payload.ts';
import type { AttachedSignature } from './attached-signature.ts';
import { createSignedContent } from './signed-content.ts';

/** Media type of a layer with a payload. */
export const payloadMediaType = 'application/vnd.dev.cosign.simplesigning.v1+json';

/** Upper bound of a payload, in bytes; cosign's have 300. */
export const maxPayloadBytes = 64 * 1024;

const payloadType = 'cosign container image signature';

/** Upper bound of certificates in a chain. */
const maxChain = 4;

/**
 * Read a signature.
 * @param annotations of the layer
 * @throws {SignatureProblem} when it is malformed
 */
export function readCosignSignature(
  payload: Buffer,
  annotations: Readonly<Record<string, string>>,
  storage: AttachedSignature['storage'],
): AttachedSignature {
  const annotation = (name: string) =>
    Object.hasOwn(annotations, name) && annotations[name] !== '' ? annotations[name] : undefined;
  const signature = annotation('dev.cosignproject.cosign/signature');
  if (signature === undefined) throw new SignatureProblem('has no annotation with the signature');
  const certificate = annotation('dev.sigstore.cosign/certificate');
  const bundle = annotation('dev.sigstore.cosign/bundle');
  const timestamp = annotation('dev.sigstore.cosign/rfc3161timestamp');
  return {
    storage,
    ...readSignedPayload(payload, payloadType),
    content: createSignedContent(payload, fromBase64(signature, 'signature')),
    certificate: certificate === undefined ? undefined : readCertificates(certificate)[0],
    chain: readCertificates(annotation('dev.sigstore.cosign/chain') ?? ''),
    logEntries: bundle === undefined ? [] : [readLogEntry(bundle)],
    timestamps: timestamp === undefined ? [] : [readTimestamp(timestamp)],
  };
}

/** The entry of a transparency log with the log's promise, as cosign keeps it. */
function readLogEntry(annotation: string): TransparencyLogEntry {
  const document = readObject(parseJson(Buffer.from(annotation), 'log entry'), 'log entry');
  const { body, integratedTime, logIndex, logID } = readObject(document.Payload, 'log entry');
  const isComplete =
    typeof body === 'string' &&
    typeof logID === 'string' &&
    typeof document.SignedEntryTimestamp === 'string' &&
    Number.isSafeInteger(integratedTime) &&
    Number.isSafeInteger(logIndex);
  if (!isComplete) throw new SignatureProblem('has a malformed log entry');
  const canonicalizedBody = fromBase64(body, 'log entry');
  const { kind, apiVersion } = readObject(parseJson(canonicalizedBody, 'log entry'), 'log entry');
  return {
    logIndex: String(logIndex),
    logId: { keyId: Buffer.from(logID, 'hex') },
    kindVersion: { kind: String(kind), version: String(apiVersion) },
    integratedTime: String(integratedTime),
    inclusionPromise: {
      signedEntryTimestamp: fromBase64(document.SignedEntryTimestamp as string, 'log entry'),
    },
    inclusionProof: undefined,
    canonicalizedBody,
  } as TransparencyLogEntry; // the library calls a missing proof undefined, its types do not
}

function readTimestamp(annotation: string): Buffer {
  const document = readObject(parseJson(Buffer.from(annotation), 'time stamp'), 'time stamp');
  return fromBase64(String(document.SignedRFC3161Timestamp), 'time stamp');
}

/** Certificates of a PEM text, in DER. */
function readCertificates(pem: string): readonly Buffer[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length > maxChain) throw new SignatureProblem(`has more than ${maxChain} certificates`);
  try {
    return blocks.map((block) => new X509Certificate(block).raw);
  } catch (error) {
    throw malformed(error, 'certificate');
  }
}

function fromBase64(text: string, subject: string): Buffer {
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return Buffer.from(text, 'base64');
  throw new SignatureProblem(`has a malformed ${subject}`);
}
