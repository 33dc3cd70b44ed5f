/**
 * Requests to a watched daemon, and the check that none of them held its event loop.
 */
import assert from 'node:assert/strict';
import { type ApiAnswer, callApi } from './daemon.ts';
import type { WatchedDaemon } from './watched-daemon.ts';

const attempts = 5;

/** One request of an operation. */
export interface Step {
  readonly method: string;
  readonly path: string;
  /** An archive, or a document. */
  readonly body?: unknown;
  /** Wanted status; default 200. */
  readonly status?: number;
}

/** Send a request. @throws {AssertionError} for another status, and for an error within the answer */
export async function runStep(
  { socket }: Pick<WatchedDaemon, 'socket'>,
  { method, path, body, status = 200 }: Step,
): Promise<ApiAnswer> {
  const isArchive = Buffer.isBuffer(body);
  const headers = { 'Content-Type': isArchive ? 'application/x-tar' : 'application/json' };
  const given = body === undefined ? {} : { headers, body: isArchive ? body : JSON.stringify(body) };
  const answer = await callApi(socket, method, path, given);
  assert.equal(answer.status, status, `${method} ${path}: ${answer.text.slice(0, 1000)}`);
  assert.doesNotMatch(answer.text, /errorDetail/, `${method} ${path}`);
  return answer;
}

/**
 * Do some work, and require that no turn of the daemon was long. Work that holds the event loop does so each time; a machine
 * that stops, and has the time counted, does not: up to five attempts are made.
 * @param daemon the one of the moment
 * @throws {AssertionError}
 */
export async function checkTurns(
  daemon: () => WatchedDaemon,
  name: string,
  work: (attempt: number) => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await work(attempt);
    const tooLong = daemon().longTurns();
    if (tooLong.length === 0) return;
    if (attempt === attempts) assert.fail(`the event loop was held by ${name}: ${tooLong.join('; ')}`);
  }
}
