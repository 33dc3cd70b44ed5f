/**
 * Signs plugins in a registry as cosign does, with keys and certificates of its own, for tests.
 */
import { createHash, type KeyObject, sign } from 'node:crypto';
import { type Digest, digestOf, encodeIndex, mediaTypes } from '@outboard/oci';
import { type KeyPair, logIdOf, type MadeCertificate, publicPem } from '@outboard/oci/testing';
import { dsse, json } from '@sigstore/core';

/** Content that is pushed: blobs before the manifest. */
export interface SignatureStore {
  putBlob(digest: Digest, bytes: Buffer): void | Promise<void>;
  putManifest(
    tagOrDigest: string,
    manifest: { readonly mediaType: string; readonly bytes: Buffer },
  ): Digest | Promise<Digest>;
}

/** A transparency log. */
export interface TransparencyLog extends KeyPair {
  readonly at: Date;
  /** False: its entries have a proof, but no promise with a time, as those of newer logs. */
  readonly isDated?: boolean | undefined;
}

/** Choices of a signature. */
export interface SignOptions {
  readonly digest: Digest;
  readonly keys: KeyPair;
  /** Name that is signed, for `signByTag`. */
  readonly identity?: string | undefined;
  /** Digest that the payload names; default `digest`, to which the signature is attached. */
  readonly signedDigest?: string | undefined;
  readonly certificate?: MadeCertificate | undefined;
  readonly chain?: readonly MadeCertificate[] | undefined;
  readonly log?: TransparencyLog | undefined;
  /** Makes a time stamp over the signature. */
  readonly timestamp?: ((signature: Buffer) => Buffer) | undefined;
  /** Changes what was signed. */
  readonly tamper?: ((payload: Buffer) => Buffer) | undefined;
}

/** Sign bytes as cosign does with this kind of key. */
function signBytes(bytes: Buffer, key: KeyObject, hash = 'sha256'): Buffer {
  return sign(key.asymmetricKeyType === 'ed25519' ? null : hash, bytes, key);
}

/** Put one signature, or several, under the tag that cosign derives from the digest. */
export async function signByTag(store: SignatureStore, ...signatures: readonly SignOptions[]): Promise<void> {
  const layers = await Promise.all(signatures.map((options) => putPayload(store, options)));
  const [first] = signatures;
  if (first === undefined) throw new Error('no signature');
  const config = await putBlob(store, mediaTypes.ociImageConfig, Buffer.from('{}'));
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers }),
  );
  const tag = `${first.digest.replace(':', '-')}.sig`;
  await store.putManifest(tag, { mediaType: mediaTypes.ociManifest, bytes });
}

async function putPayload(store: SignatureStore, options: SignOptions) {
  const { digest, signedDigest = digest, identity = '', keys, certificate, chain = [], log } = options;
  const document = {
    critical: {
      identity: { 'docker-reference': identity },
      image: { 'docker-manifest-digest': signedDigest },
      type: 'cosign container image signature',
    },
    optional: null,
  };
  const payload = Buffer.from(JSON.stringify(document));
  const signature = signBytes(payload, keys.privateKey);
  const stored = options.tamper?.(payload) ?? payload;
  const layer = await putBlob(store, 'application/vnd.dev.cosign.simplesigning.v1+json', stored);
  const entry = log && makeEntry(log, hashedRekord(payload, signature, certificate?.pem ?? publicPem(keys)));
  return {
    ...layer,
    annotations: {
      'dev.cosignproject.cosign/signature': signature.toString('base64'),
      ...(certificate && { 'dev.sigstore.cosign/certificate': certificate.pem }),
      ...(chain.length > 0 && { 'dev.sigstore.cosign/chain': chain.map(({ pem }) => pem).join('') }),
      ...(options.timestamp && {
        'dev.sigstore.cosign/rfc3161timestamp': JSON.stringify({
          SignedRFC3161Timestamp: options.timestamp(signature).toString('base64'),
        }),
      }),
      ...(entry && {
        'dev.sigstore.cosign/bundle': JSON.stringify({
          SignedEntryTimestamp: entry.promise.toString('base64'),
          Payload: entry.payload,
        }),
      }),
    },
  };
}

/** Attach a bundle of sigstore as a referrer, and keep the list of referrers under a tag as clients do. */
export async function signByReferrer(
  store: SignatureStore,
  subject: { readonly mediaType: string; readonly digest: Digest; readonly size: number },
  options: Omit<SignOptions, 'digest' | 'chain'> & {
    readonly predicateType?: string | undefined;
    readonly message?: Buffer | undefined;
  },
): Promise<void> {
  const bundle = Buffer.from(JSON.stringify(makeBundle(subject.digest, options)));
  const artifactType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
  const layer = await putBlob(store, artifactType, bundle);
  const config = await putBlob(store, 'application/vnd.oci.empty.v1+json', Buffer.from('{}'));
  const mediaType = mediaTypes.ociManifest;
  const document = { schemaVersion: 2, mediaType, artifactType, config, layers: [layer], subject };
  const bytes = Buffer.from(JSON.stringify(document));
  const digest = await store.putManifest(digestOf(bytes), { mediaType, bytes });
  const index = encodeIndex([{ mediaType, digest, size: bytes.length, artifactType }]);
  await store.putManifest(subject.digest.replace(':', '-'), { mediaType: mediaTypes.ociIndex, bytes: index });
}

function makeBundle(digest: Digest, options: Parameters<typeof signByReferrer>[2]) {
  const { keys, certificate, log, message, identity, signedDigest = digest } = options;
  const [algorithm = '', hex = ''] = signedDigest.split(':');
  const payloadType = 'application/vnd.in-toto+json';
  const payload = Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ ...(identity && { name: identity }), digest: { [algorithm]: hex } }],
      predicateType: options.predicateType ?? 'https://sigstore.dev/cosign/sign/v1',
      predicate: {},
    }),
  );
  const signed = message ?? dsse.preAuthEncoding(payloadType, payload);
  const signature = signBytes(signed, keys.privateKey);
  const verifier = certificate?.pem ?? publicPem(keys);
  const body =
    message === undefined
      ? dsseBody(payload, signature, verifier)
      : hashedRekord(message, signature, verifier);
  const stored = options.tamper?.(payload) ?? payload;
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: {
      ...(certificate
        ? { certificate: { rawBytes: certificate.der.toString('base64') } }
        : { publicKey: { hint: '' } }),
      tlogEntries: log === undefined ? [] : [makeEntry(log, body).entry],
      ...(options.timestamp && {
        timestampVerificationData: {
          rfc3161Timestamps: [{ signedTimestamp: options.timestamp(signature).toString('base64') }],
        },
      }),
    },
    ...(message === undefined
      ? {
          dsseEnvelope: {
            payload: stored.toString('base64'),
            payloadType,
            signatures: [{ sig: signature.toString('base64'), keyid: '' }],
          },
        }
      : {
          messageSignature: {
            messageDigest: { algorithm: 'SHA2_256', digest: sha256(message).toString('base64') },
            signature: signature.toString('base64'),
          },
        }),
  };
}

function hashedRekord(payload: Buffer, signature: Buffer, verifier: string): object {
  return {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: sha256(payload).toString('hex') } },
      signature: {
        content: signature.toString('base64'),
        publicKey: { content: Buffer.from(verifier).toString('base64') },
      },
    },
  };
}

function dsseBody(payload: Buffer, signature: Buffer, verifier: string): object {
  return {
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: {
      payloadHash: { algorithm: 'sha256', value: sha256(payload).toString('hex') },
      signatures: [
        { signature: signature.toString('base64'), verifier: Buffer.from(verifier).toString('base64') },
      ],
    },
  };
}

/** An entry of a log with one entry: with the log's promise, and a proof that it is in the tree. */
function makeEntry(log: TransparencyLog, document: object) {
  const canonicalizedBody = Buffer.from(json.canonicalize(document) ?? '');
  const body = canonicalizedBody.toString('base64');
  const { isDated = true } = log;
  const integratedTime = isDated ? Math.floor(log.at.getTime() / 1000) : 0;
  const keyId = logIdOf(log);
  const payload = { body, integratedTime, logIndex: 7, logID: keyId.toString('hex') };
  const promise = signBytes(Buffer.from(json.canonicalize(payload) ?? ''), log.privateKey);
  const rootHash = sha256(Buffer.concat([Buffer.from([0]), canonicalizedBody])).toString('base64');
  const note = `log.test\n1\n${rootHash}\n`;
  const noteSignature = Buffer.concat([keyId.subarray(0, 4), signBytes(Buffer.from(note), log.privateKey)]);
  const { kind, apiVersion } = document as { kind: string; apiVersion: string }; // as made above
  const entry = {
    logIndex: '7',
    logId: { keyId: keyId.toString('base64') },
    kindVersion: { kind, version: apiVersion },
    integratedTime: String(integratedTime),
    ...(isDated && { inclusionPromise: { signedEntryTimestamp: promise.toString('base64') } }),
    inclusionProof: {
      logIndex: '0',
      rootHash,
      treeSize: '1',
      hashes: [],
      checkpoint: { envelope: `${note}\n\u2014 log.test ${noteSignature.toString('base64')}\n` },
    },
    canonicalizedBody: body,
  };
  return { payload, promise, entry };
}

async function putBlob(store: SignatureStore, mediaType: string, bytes: Buffer) {
  const digest = digestOf(bytes);
  await store.putBlob(digest, bytes);
  return { mediaType, digest, size: bytes.length };
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
