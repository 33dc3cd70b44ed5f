/**
 * Turns a plugin's HTTP answer into its fields or an error. Plugins report failures in different ways, all of which
 * count: a status other than 200, `Err`, and the `Error` of IPAM drivers, with any status.
 */
import { escapeHidden, isJsonObject, isOutboardError, type JsonObject, OutboardError } from '@outboard/oci';
import { parseFirstValue } from './first-json-value.ts';
import { type ReadReplyOptions, type ReplyFields, readReply } from './plugin-reply.ts';

/** An answer as received. */
export interface PluginAnswer {
  readonly status: number;
  readonly text: string;
}

/** Options of reading an answer. */
export interface ReadAnswerOptions extends ReadReplyOptions {
  /** Leaves `Err` with status 200 to the caller; default false: it is a failure. */
  readonly leavesErr?: boolean | undefined;
}

const maxErrorCharacters = 1024;

/**
 * Read an answer. The first JSON value counts; what follows it is ignored, as Docker Engine does.
 * @throws {OutboardError} system, code `plugin-error` with `details.status` and `details.err`, or
 *   `plugin-reply-malformed`
 */
export function readAnswer(
  { status, text }: PluginAnswer,
  method: string,
  options: ReadAnswerOptions = {},
): ReplyFields {
  const object = parseObject(text);
  const isErrLeft = status === 200 && options.leavesErr === true;
  const err = object === undefined || isErrLeft ? '' : errorText(object, options);
  const quotable = options.confidential === true ? '' : text;
  if (status !== 200 || err !== '') {
    const reason = printable(err === '' ? quotable : err) || `status ${status}`;
    throw new OutboardError('system', `${method}: ${reason}`, {
      code: 'plugin-error',
      details: { method, status, err: reason },
    });
  }
  if (object !== undefined) return readReply(object, method, options);
  const something = text === '' ? 'nothing' : 'something else';
  const shown = quotable === '' ? something : JSON.stringify(printable(text).slice(0, 80));
  throw new OutboardError('system', `${method}: malformed reply: want a JSON object, got ${shown}`, {
    code: 'plugin-reply-malformed',
  });
}

/** True for the error of a plugin that does not implement the method (status 404). */
export function isMethodMissing(error: unknown): boolean {
  return isOutboardError(error) && error.code === 'plugin-error' && error.details?.status === 404;
}

/**
 * Call a method that plugins may leave out. Errors of transport are not caught: they say nothing about the plugin.
 * @param fallback result when the plugin reports a failure or its reply is malformed
 * @throws {OutboardError} unavailable; the reason of an aborted signal
 */
export async function callOptional<T>(call: () => Promise<T>, fallback: T): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const code = isOutboardError(error) ? error.code : undefined;
    if (code === 'plugin-error' || code === 'plugin-reply-malformed') return fallback;
    throw error;
  }
}

/** The reply as an object; null is an object without fields. Undefined for anything else, such as plain text. */
function parseObject(text: string): JsonObject | undefined {
  const value = parseFirstValue(text);
  if (value === null) return {};
  return isJsonObject(value) ? value : undefined;
}

/** The reported error, empty for none. A value of another type than text is a failure as well. */
function errorText(object: JsonObject, { confidential = false }: ReadReplyOptions): string {
  const fields = readReply(object, 'error');
  const values = [fields.raw('Err'), fields.raw('Error')];
  const value = values.find((candidate) => (candidate ?? '') !== '') ?? '';
  if (typeof value === 'string') return value;
  return confidential ? 'an error that is not a string' : JSON.stringify(value);
}

/** One line of at most 1,024 visible characters, safe for logs and terminals. */
export function printable(text: string): string {
  const line = escapeHidden(
    text.slice(0, maxErrorCharacters + 1).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' '),
  );
  return line.length > maxErrorCharacters ? `${line.slice(0, maxErrorCharacters)}…` : line.trim();
}
