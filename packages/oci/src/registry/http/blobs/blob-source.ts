/**
 * Opens one blob at an offset: a range request where the registry can answer one, the whole blob otherwise.
 */
import type { Readable } from 'node:stream';
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import type { Descriptor } from '../../../manifests/descriptor.ts';
import type { Answer } from '../connections/connections.ts';
import { TransientFailure } from '../failures/retry.ts';
import type { Session } from '../session/session.ts';

/** The rest of a blob, still to come. */
export interface BlobPart {
  /** Host and port that it comes from. */
  readonly host: string;
  readonly body: Readable;
  /** Bytes of the body that come before the offset asked for, and are to be dropped. */
  readonly skip: number;
  /** What an error of the body means, see `Answer`. */
  explain(error: unknown): unknown;
}

/** Opens a blob, as often as needed. */
export interface BlobSource {
  /**
   * Ask once for the bytes from `offset` on.
   * @throws {TransientFailure} another try may work
   * @throws {OutboardError} not-found; invalid when the registry's size differs from the descriptor's
   */
  open(offset: number, signal: AbortSignal): Promise<BlobPart>;
}

/** Describe a blob to fetch; nothing is sent before `open()`. */
export function createBlobSource(session: Session, descriptor: Descriptor, subject: string): BlobSource {
  let canRange = true;

  function rangeFailed(answer: Answer, why: string): TransientFailure {
    canRange = false; // the next try fetches the whole blob and drops what is there already
    answer.body.destroy();
    return new TransientFailure(
      new OutboardError('unavailable', `cannot resume ${subject}@${descriptor.digest}: ${why}`),
      { retryAfterMs: 0 },
    );
  }

  return {
    async open(offset, signal) {
      const ranged = offset > 0 && canRange;
      const answer = await ask(session, descriptor, subject, ranged ? offset : undefined, signal);
      if (answer.status === 416) throw rangeFailed(answer, 'the registry refused the range');
      if (answer.status === 206 && !matchesRange(answer, offset, descriptor.size)) {
        throw rangeFailed(answer, 'the registry sent another range than the one asked for');
      }
      const skip = answer.status === 206 ? 0 : offset;
      checkLength(answer, descriptor, descriptor.size - (offset - skip));
      return { host: answer.url.host, body: answer.body, skip, explain: answer.explain };
    },
  };
}

async function ask(
  session: Session,
  descriptor: Descriptor,
  subject: string,
  from: number | undefined,
  signal: AbortSignal,
): Promise<Answer> {
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

function matchesRange(answer: Answer, offset: number, size: number): boolean {
  const range = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/.exec(
    answer.headers.get('content-range') ?? '',
  );
  if (range === null) return false;
  const [, first, last, total] = range;
  return Number(first) === offset && Number(last) === size - 1 && (total === '*' || Number(total) === size);
}

// A size that is wrong from the start is no broken connection, and no further try will mend it.
function checkLength(answer: Answer, descriptor: Descriptor, expected: number): void {
  const header = answer.headers.get('content-length');
  if (header === undefined || Number(header) === expected) return;
  answer.body.destroy();
  throw new OutboardError(
    'invalid',
    `registry has ${JSON.stringify(header.slice(0, 40))} bytes of ${descriptor.digest}, want ${expected}`,
    { details: { digest: descriptor.digest, expected, actual: header.slice(0, 40) } },
  );
}
