/**
 * The query of a client for the log of a plugin.
 */
import type { LogQuery, OutputStream } from '@outboard/engine';
import { HttpError } from '../http/errors.ts';
import { isTrue } from '../http/parameters.ts';
import { parseLogTime } from './parse-log-time.ts';

/** A parsed query. */
export interface LogRequest {
  readonly query: LogQuery;
  /** True if each line is sent with its time. */
  readonly timestamps: boolean;
}

/**
 * Parse `follow`, `since`, `until`, `tail`, `timestamps`, `stdout` and `stderr`; without the last two both streams are sent.
 * @param nowNano current time, nanoseconds since the epoch
 * @throws {HttpError} 400
 */
export function parseLogRequest(query: URLSearchParams, nowNano: bigint): LogRequest {
  const sinceNano = parseLogTime('since', query.get('since') ?? '', nowNano);
  const untilNano = parseLogTime('until', query.get('until') ?? '', nowNano);
  const tail = parseTail(query.get('tail') ?? '');
  return {
    timestamps: isTrue(query.get('timestamps')),
    query: {
      streams: parseStreams(query),
      follow: isTrue(query.get('follow')),
      tail,
      sinceNano,
      untilNano,
    },
  };
}

function parseStreams(query: URLSearchParams): readonly OutputStream[] {
  const both = ['stdout', 'stderr'] as const;
  if (!both.some((name) => query.has(name))) return both;
  const wanted = both.filter((name) => isTrue(query.get(name)));
  if (wanted.length > 0) return wanted;
  throw new HttpError(400, 'Bad parameters: you must choose at least one stream');
}

function parseTail(text: string): number | undefined {
  if (text === '' || text === 'all') return undefined;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new HttpError(
    400,
    `invalid value for "tail": ${JSON.stringify(text)}: expected a number of lines or "all"`,
  );
}
