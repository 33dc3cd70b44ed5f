/**
 * Lists the tags of a repository.
 */
import type { Cancellable } from '@outboard/async';
import * as z from 'zod';
import { parseStrictJson } from '../../../documents/strict-json.ts';
import { isOutboardError } from '../../../errors/outboard-error.ts';
import { documentObject, maxManifestBytes, parseWith } from '../../../manifests/document-schema.ts';
import { isTag } from '../../../references/grammar.ts';
import { notFound } from '../failures/registry-error.ts';
import type { RetryPolicy } from '../failures/retry.ts';
import type { Session } from '../session/session.ts';
import { readPages } from './read-pages.ts';

const subject = 'list of tags';
const pageLength = '1000';

const tagsSchema = documentObject({
  tags: z
    .array(z.string().refine(isTag, 'want a tag: 1 to 128 of A-Z a-z 0-9 _ . -'))
    .nullish()
    .transform((tags) => tags ?? []),
});

/** Settings of a list. */
export interface ListTagsOptions extends Cancellable {
  /** Name of the repository for errors. */
  readonly repository: string;
  readonly retry: RetryPolicy;
}

/** List tags; see `RepositoryLister.listTags`. */
export async function* listTags(
  session: Session,
  { repository, retry, signal }: ListTagsOptions,
): AsyncGenerator<string> {
  try {
    const list = { target: 'tags/list', query: { n: pageLength }, subject, retry, signal };
    for await (const { bytes } of readPages(session, list)) {
      yield* parseWith(tagsSchema, parseStrictJson(bytes, { maxBytes: maxManifestBytes, subject }), subject)
        .tags;
    }
  } catch (cause) {
    if (!isOutboardError(cause, 'not-found')) throw cause;
    throw notFound(repository, cause);
  }
}
