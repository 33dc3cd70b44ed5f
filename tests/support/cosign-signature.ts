/**
 * Signatures of plugins as cosign makes them with a key, which Debian 12 has no program for.
 * @see cosign v2.4, specs/SIGNATURE_SPEC.md
 */
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Digest, digestOf, mediaTypes, type RepositoryWriter } from '@outboard/oci';

/** A private key, and its public one in PEM. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicPem: string;
}

/** Make a key. */
export function makeSigningKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const publicPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
  return { privateKey, publicPem };
}

/**
 * Attach a signature under the tag that cosign derives from the digest.
 * @param name repository that is signed
 */
export async function putCosignSignature(
  to: RepositoryWriter,
  { digest, name, key }: { readonly digest: Digest; readonly name: string; readonly key: SigningKey },
): Promise<void> {
  const payload = Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': name },
        image: { 'docker-manifest-digest': digest },
        type: 'cosign container image signature',
      },
      optional: null,
    }),
  );
  const put = async (mediaType: string, bytes: Buffer) => {
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    await to.pushBlob(descriptor, async () => Readable.from([bytes]));
    return descriptor;
  };
  const signature = sign('sha256', payload, key.privateKey).toString('base64');
  const layer = await put('application/vnd.dev.cosign.simplesigning.v1+json', payload);
  const config = await put(mediaTypes.ociImageConfig, Buffer.from('{}'));
  const mediaType = mediaTypes.ociManifest;
  const layers = [{ ...layer, annotations: { 'dev.cosignproject.cosign/signature': signature } }];
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers }));
  await to.pushManifest(`${digest.replace(':', '-')}.sig`, { mediaType, bytes });
}
