/**
 * Short names for the answers that cases expect.
 */
import type { AnswerExpectation, SeenRequest, StreamExpectation } from './conformance-case.ts';
import { count, oneOf, optional, type Shape } from './shape.ts';

type Headers = NonNullable<AnswerExpectation['headers']>;

/** 200 without a body. */
export const ok: AnswerExpectation = { status: 200, body: { kind: 'none' } };
/** 204. */
export const noContent: AnswerExpectation = { status: 204, body: { kind: 'none' } };

/** 200 with a JSON document. */
export function document(value: Shape, headers: Headers = {}): AnswerExpectation {
  return { status: 200, body: { kind: 'document', value }, headers };
}

/** An error in Docker's form. */
export function failure(status: number, message: string | RegExp, headers: Headers = {}): AnswerExpectation {
  return { status, body: { kind: 'document', value: { message } }, headers };
}

/** Paths that are not served. */
export const pageNotFound: AnswerExpectation = { ...failure(404, 'page not found'), routing: 'unrouted' };

/** A version out of range. */
export function versionRefused(message: string): AnswerExpectation {
  return { ...failure(400, message), routing: 'version-refused' };
}

/** 200 with lines of progress. */
export function stream(
  lines: Pick<StreamExpectation, 'first' | 'includes' | 'others' | 'last'>,
  headers: Headers = {},
): AnswerExpectation {
  return { status: 200, body: { kind: 'stream', ...lines }, headers };
}

/** The last line of a stream that failed. */
export function streamError(message: string | RegExp): Shape {
  return { errorDetail: { message }, error: message };
}

/** A step of one blob: its status is one of these. 20.10 adds a bar to `progress`. */
export function blobStep(id: string | RegExp, ...statuses: readonly string[]): Shape {
  return {
    status: oneOf(...statuses),
    progressDetail: { current: optional(count), total: optional(count) },
    progress: optional(/./),
    id,
  };
}

/** A request that the registry must have received. */
export function seen(method: RegExp, path: RegExp, headers: SeenRequest['headers']): SeenRequest {
  return { method, path, headers };
}
