/**
 * The report on one exchange for the log of calls. What costs time, such as reading bodies, is done after the answer.
 */
import { isJsonObject, isOutboardError } from '@outboard/oci';
import type { EndedCall } from '../calls/call-log.ts';
import type { CallOutcome } from '../calls/call-outcome.ts';
import { readJson, spelledAs } from '../translation/json-text.ts';

/** Larger bodies are not read: they hold no name of a volume, and no error worth its time. */
const maxReadBytes = 64 * 1024;

/** Codes of errors that the plugin is the reason of; all others are those of the gateway. */
const failures: ReadonlySet<string | undefined> = new Set([
  'path-escapes',
  'plugin-connection-lost',
  'plugin-error',
  'plugin-reply-malformed',
  'plugin-reply-too-large',
]);

/** The parts of a report that the end of the exchange adds. */
export type CallFrame = Pick<EndedCall, 'plugin' | 'method' | 'consumer' | 'startedAt' | 'durationMs'> & {
  /** True when the consumer left before the end of the answer. */
  readonly hasLeft: boolean;
  /** Absent when no answer was begun. */
  readonly status: number | undefined;
};

/** Collects what happens in one exchange. */
export class CallReport {
  /** The body that the plugin gets. */
  request: Buffer | undefined;
  /** The body of the answer; absent for a stream. */
  answer: Buffer | undefined;
  /** Why the exchange failed; absent when the plugin answered. */
  error: unknown;
  /** Bytes of a body that was streamed. */
  streamedRequestBytes = 0;
  streamedAnswerBytes = 0;

  /** The report. */
  end({ hasLeft, ...frame }: CallFrame): EndedCall {
    const error = hasLeft ? undefined : this.#errorText();
    return {
      ...frame,
      outcome: hasLeft ? 'cancelled' : this.#outcome(frame.status, error),
      ...(error === undefined ? {} : { error }),
      ...subjectOf(frame.method, this.request),
      requestBytes: this.request?.length ?? this.streamedRequestBytes,
      answerBytes: this.answer?.length ?? this.streamedAnswerBytes,
    };
  }

  #outcome(status: number | undefined, error: string | undefined): CallOutcome {
    if (this.error !== undefined) {
      return isOutboardError(this.error) && failures.has(this.error.code) ? 'failure' : 'refused';
    }
    return error === undefined && status !== undefined && status < 400 ? 'success' : 'failure';
  }

  /** Plugins report errors with every status; `Error` is that of IPAM drivers. */
  #errorText(): string | undefined {
    const answer = objectIn(this.answer, ['Err', 'Error']);
    const text = answer?.Err || answer?.Error;
    if (typeof text === 'string' && text !== '') return text;
    if (this.error === undefined) return undefined;
    return this.error instanceof Error ? this.error.message : String(this.error);
  }
}

/** The volume that a call of a volume driver is about, and what its error must not show. */
function subjectOf(method: string, body: Buffer | undefined): Pick<EndedCall, 'volume' | 'secrets'> {
  if (!method.startsWith('VolumeDriver.')) return {};
  const { Name: volume, Opts: options } = objectIn(body, ['Name', 'Opts']) ?? {};
  const values = isJsonObject(options) ? Object.values(options) : [];
  return {
    ...(typeof volume === 'string' && volume !== '' ? { volume } : {}),
    ...(values.length === 0 ? {} : { secrets: values.filter((value) => typeof value === 'string') }),
  };
}

function objectIn(body: Buffer | undefined, names: readonly string[]) {
  if (body === undefined || body.length > maxReadBytes || body.length < 8) return undefined;
  const value = readJson(body.toString());
  return isJsonObject(value) ? spelledAs(value, names) : undefined;
}
