/**
 * Pushes manifests by tag or digest.
 */
import type { Cancellable } from '@outboard/async';
import { type Digest, digestAlgorithm, digestOf } from '../../../digests/digest.ts';
import { OutboardError } from '../../../errors/outboard-error.ts';
import { parseManifestName } from '../../object-name.ts';
import { readStart } from '../connections/bounded-body.ts';
import { type RetryPolicy, withRetries } from '../failures/retry.ts';
import type { Session } from '../session/session.ts';

/** A manifest to push. */
export interface ManifestToPush {
  readonly mediaType: string;
  /** Pushed byte for byte. */
  readonly bytes: Uint8Array;
}

/**
 * Push a manifest; see `RepositoryPusher.pushManifest`.
 * @returns the digest of the bytes, confirmed if the registry names one
 * @throws {OutboardError} invalid when the bytes do not match the given digest, or the registry stored another one
 * @see OCI distribution-spec v1.1.1, "Pushing Manifests"
 */
export async function pushManifest(
  session: Session,
  tagOrDigest: string,
  manifest: ManifestToPush,
  options: Cancellable & { readonly retry: RetryPolicy },
): Promise<Digest> {
  const name = parseManifestName(tagOrDigest);
  const digest = digestOf(
    manifest.bytes,
    name.digest === undefined ? 'sha256' : digestAlgorithm(name.digest),
  );
  if (name.digest !== undefined && digest !== name.digest) {
    throw new OutboardError('invalid', `the manifest has digest ${digest}, want ${name.digest}`);
  }
  await withRetries(options.retry, session.connections, options.signal, async () => {
    const response = await session.send({
      method: 'PUT',
      target: `manifests/${name.text}`,
      headers: { 'content-type': manifest.mediaType },
      body: manifest.bytes,
      expect: [201],
      signal: options.signal,
    });
    await readStart(response, session.connections, 64 * 1024);
    confirm(response.headers.get('docker-content-digest'), digest);
  });
  return digest;
}

function confirm(stored: string | undefined, digest: Digest): void {
  // A registry may respond with another algorithm, which cannot be compared.
  if (stored === undefined || stored === digest || !stored.startsWith(`${digestAlgorithm(digest)}:`)) return;
  throw new OutboardError(
    'invalid',
    `registry stored the manifest as ${JSON.stringify(stored.slice(0, 200))}, want ${digest}`,
    { details: { expected: digest, actual: stored.slice(0, 200) } },
  );
}
