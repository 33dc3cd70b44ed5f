/**
 * One repository over HTTP: pulls from its mirrors and its registry, everything else at its registry.
 */
import { parseDigest } from '../../digests/digest.ts';
import { canonicalName, canonicalString } from '../../references/format-reference.ts';
import type { Reference } from '../../references/reference.ts';
import type { OpenBlobOptions, Repository } from '../registry-client.ts';
import { openBlob, readBlob } from './blobs/fetch-blob.ts';
import { hasBlob, pushBlob } from './blobs/push-blob.ts';
import type { RetryPolicy } from './failures/retry.ts';
import { deleteManifest } from './manifests/delete-manifest.ts';
import { fetchManifest } from './manifests/fetch-manifest.ts';
import { listReferrers } from './manifests/list-referrers.ts';
import { listTags } from './manifests/list-tags.ts';
import { pushManifest } from './manifests/push-manifest.ts';
import { deleteObject } from './session/delete-object.ts';
import { type PullSources, pullFrom } from './session/mirrored-session.ts';

/** Settings of a repository. */
export interface RepositoryOptions {
  readonly retry: RetryPolicy;
  /** See `RegistryAccess`. */
  readonly mountFrom: string | undefined;
}

/** Create a repository; nothing is sent. @param sources the last of them is where pushes go */
export function createRepository(
  reference: Reference,
  sources: PullSources,
  { retry, mountFrom }: RepositoryOptions,
): Repository {
  const session = sources.upstream;
  const name = canonicalName(reference);
  const subjectOf = (tagOrDigest: string) =>
    canonicalString({ domain: reference.domain, path: reference.path }).concat(
      tagOrDigest.includes(':') ? '@' : ':',
      tagOrDigest.slice(0, 200),
    );
  return {
    reference,
    resolve: (tagOrDigest, options = {}) =>
      pullFrom(sources, { ...options, byDigest: tagOrDigest.includes(':') }, (from) =>
        fetchManifest(from, tagOrDigest, { ...options, subject: subjectOf(tagOrDigest), retry }),
      ),
    openBlob(descriptor, options = {}) {
      let isOfMirror = false;
      const onMirror: OpenBlobOptions['onMirror'] = (report) => {
        isOfMirror = true;
        options.onMirror?.(report);
      };
      return pullFrom(sources, { ...options, onMirror, byDigest: true }, async (from, discredit) => {
        const mayDiffer = () => isOfMirror;
        const stream = await openBlob(from, descriptor, { ...options, subject: name, retry, mayDiffer });
        return stream.once('error', discredit);
      });
    },
    readBlob: (descriptor, options) =>
      pullFrom(sources, { ...options, byDigest: true }, (from) =>
        readBlob(from, descriptor, { ...options, subject: name, retry }),
      ),
    hasBlob: (digest, options) => hasBlob(session, digest, { ...options, retry }),
    pushBlob: (descriptor, openSource, options) =>
      pushBlob(session, descriptor, openSource, { ...options, retry, mountFrom }),
    pushManifest: (tagOrDigest, manifest, options) =>
      pushManifest(session, tagOrDigest, manifest, { ...options, retry }),
    listTags: (options) => listTags(session, { ...options, repository: name, retry }),
    referrers: (digest, options = {}) =>
      pullFrom(sources, { ...options, byDigest: true }, (from) =>
        listReferrers(from, digest, { ...options, retry }),
      ),
    deleteManifest: (tagOrDigest, options) =>
      deleteManifest(session, tagOrDigest, { ...options, subject: subjectOf(tagOrDigest), retry }),
    deleteBlob: async (digest, options) => {
      const target = `blobs/${parseDigest(digest)}`;
      await deleteObject(session, { ...options, target, subject: `${name}@${digest}`, retry });
    },
  };
}
