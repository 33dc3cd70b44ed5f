/**
 * Uploads content to a registry with plain requests, so that a test controls every byte.
 */
import { createHash } from 'node:crypto';

/** `sha256:` and hex, as registries name content. */
export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Upload one blob. @param host `127.0.0.1:PORT` */
export async function putBlob(host: string, repository: string, bytes: Uint8Array): Promise<string> {
  const digest = sha256(bytes);
  const begun = await fetch(`http://${host}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const location = new URL(begun.headers.get('location') ?? '', `http://${host}`);
  location.searchParams.set('digest', digest);
  const stored = await fetch(location, { method: 'PUT', body: bytes });
  await requireStored(stored);
  return digest;
}

/** Put a manifest or index under a tag. @returns its digest */
export async function putManifest(
  host: string,
  repository: string,
  tag: string,
  manifest: { readonly mediaType: string; readonly bytes: Uint8Array },
): Promise<string> {
  const stored = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, {
    method: 'PUT',
    headers: { 'Content-Type': manifest.mediaType },
    body: manifest.bytes,
  });
  await requireStored(stored);
  return sha256(manifest.bytes);
}

async function requireStored(response: Response): Promise<void> {
  if (response.status !== 201) throw new Error(`registry: ${response.status} ${await response.text()}`);
}
