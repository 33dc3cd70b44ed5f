/**
 * Opens one blob at an offset: by a range request if the registry supports it, else by a request for the whole blob.
 */
import type { Readable } from 'node:stream';
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import type { Descriptor } from '../../../manifests/descriptor.ts';
import type { HttpResponse } from '../connections/connections.ts';
import { TransientFailure } from '../failures/retry.ts';
import type { Session } from '../session/session.ts';

/** Characters of an entity tag that are compared. */
const maxTagLength = 1024;

/** A response with the rest of a blob. */
export interface BlobPart {
  /** Host and port of the server. */
  readonly host: string;
  readonly body: Readable;
  /** Bytes to skip at the start of the body: those before the requested offset. */
  readonly skip: number;
  /** Translate an error of the body, see `HttpResponse.explain`. */
  explain(error: unknown): unknown;
}

/** Opens a blob, repeatedly after broken connections. */
export interface BlobSource {
  /**
   * Request the bytes from `offset` on.
   * @throws {TransientFailure} a retry may succeed
   * @throws {OutboardError} not-found; invalid when the registry's size differs from the descriptor's, code
   *   `content-changed` when the host's entity tag is another one than before
   */
  open(offset: number, signal: AbortSignal): Promise<BlobPart>;
}

/** Create the source of a blob; nothing is sent before `open()`. */
export function createBlobSource(session: Session, descriptor: Descriptor, subject: string): BlobSource {
  let canRange = true;
  /** The tag of the content by each host that sent a part: object stores and mirrors use tags of their own. */
  const tags = new Map<string, string>();

  function rangeFailed(response: HttpResponse, why: string): TransientFailure {
    canRange = false; // the next attempt requests the whole blob and skips the bytes that were read
    response.body.destroy();
    return new TransientFailure(
      new OutboardError('unavailable', `cannot resume ${subject}@${descriptor.digest}: ${why}`),
      { retryAfterMs: 0 },
    );
  }

  return {
    async open(offset, signal) {
      const ranged = offset > 0 && canRange;
      const response = await request({ session, descriptor, subject }, ranged ? offset : undefined, signal);
      if (response.status === 416) throw rangeFailed(response, 'the registry refused the range');
      if (response.status === 206 && !matchesRange(response, offset, descriptor.size)) {
        throw rangeFailed(response, 'the registry sent another range than the one asked for');
      }
      requireSameTag(response, tags, descriptor);
      const skip = response.status === 206 ? 0 : offset;
      checkLength(response, descriptor, descriptor.size - (offset - skip));
      return { host: response.url.host, body: response.body, skip, explain: response.explain };
    },
  };
}

/** A blob and the session to fetch it with. */
interface BlobRequest {
  readonly session: Session;
  readonly descriptor: Descriptor;
  /** Name of the repository, for errors. */
  readonly subject: string;
}

async function request(
  { session, descriptor, subject }: BlobRequest,
  from: number | undefined,
  signal: AbortSignal,
): Promise<HttpResponse> {
  try {
    return await session.send({
      method: 'GET',
      target: `blobs/${descriptor.digest}`,
      headers: { accept: '*/*', ...(from === undefined ? {} : { range: `bytes=${from}-` }) },
      expect: from === undefined ? [200] : [200, 206, 416],
      signal,
    });
  } catch (error) {
    if (!isOutboardError(error, 'not-found')) throw error;
    throw new OutboardError('not-found', `${subject}@${descriptor.digest}: not found`, { cause: error });
  }
}

function matchesRange(response: HttpResponse, offset: number, size: number): boolean {
  const range = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/.exec(
    response.headers.get('content-range') ?? '',
  );
  if (range === null) return false;
  const [, first, last, total] = range;
  return Number(first) === offset && Number(last) === size - 1 && (total === '*' || Number(total) === size);
}

/**
 * Refuse the rest of content that changed: it would be found out at its end only.
 * @see RFC 9110, 8.8.3; weak tags do not tell bytes apart
 */
function requireSameTag(response: HttpResponse, tags: Map<string, string>, { digest }: Descriptor): void {
  const { host } = response.url;
  const tag = response.headers.get('etag');
  if (tag === undefined || tag.startsWith('W/')) return;
  const before = tags.get(host);
  if (before === undefined) tags.set(host, tag.slice(0, maxTagLength));
  if (before === undefined || before === tag.slice(0, maxTagLength)) return;
  response.body.destroy();
  throw new OutboardError('invalid', `${digest} changed at ${host} during its download`, {
    code: 'content-changed',
  });
}

/** Refuse a blob of another size at once: a retry would not change it. */
function checkLength(response: HttpResponse, descriptor: Descriptor, expected: number): void {
  const header = response.headers.get('content-length');
  if (header === undefined || Number(header) === expected) return;
  response.body.destroy();
  throw new OutboardError(
    'invalid',
    `registry has ${JSON.stringify(header.slice(0, 40))} bytes of ${descriptor.digest}, want ${expected}`,
    { details: { digest: descriptor.digest, expected, actual: header.slice(0, 40) } },
  );
}
