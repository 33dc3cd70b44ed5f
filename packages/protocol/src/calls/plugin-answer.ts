/**
 * From a plugin's HTTP answer to its fields or its failure. Consumers and plugins disagree on how failure looks, so
 * every form counts: a status other than 200, `Err`, and the `Error` of IPAM drivers, with any status.
 */
import { escapeHidden, isJsonObject, isOutboardError, type JsonObject, OutboardError } from '@outboard/oci';
import { parseFirstValue } from './first-json-value.ts';
import { type ReadReplyOptions, type ReplyFields, readReply } from './plugin-reply.ts';

/** An answer as it came. */
export interface PluginAnswer {
  readonly status: number;
  readonly text: string;
}

/** How an answer is read. */
export interface ReadAnswerOptions extends ReadReplyOptions {
  /** Whether `Err` with status 200 is a field like others, for the caller to read; default false: it is a failure. */
  readonly leavesErr?: boolean;
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

/** Whether the plugin answered that it does not know the method. */
export function isMethodMissing(error: unknown): boolean {
  return isOutboardError(error) && error.code === 'plugin-error' && error.details?.status === 404;
}

/**
 * Ask for something that a plugin need not serve. Only what the plugin itself answered counts as "does not": a plugin
 * that cannot be reached has said nothing.
 * @param fallback the result when the plugin fails or answers nonsense
 * @throws {OutboardError} unavailable; the reason of an aborted signal
 */
export async function askOptional<T>(ask: () => Promise<T>, fallback: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const code = isOutboardError(error) ? error.code : undefined;
    if (code === 'plugin-error' || code === 'plugin-reply-malformed') return fallback;
    throw error;
  }
}

/** The reply as an object; null counts as one without fields. Undefined when it is anything else, such as plain text. */
function parseObject(text: string): JsonObject | undefined {
  const value = parseFirstValue(text);
  if (value === null) return {};
  return isJsonObject(value) ? value : undefined;
}

/** What the plugin says went wrong; empty when nothing did. A value that is no text is a failure all the same. */
function errorText(object: JsonObject, { confidential = false }: ReadReplyOptions): string {
  const fields = readReply(object, 'error');
  const values = [fields.raw('Err'), fields.raw('Error')];
  const value = values.find((candidate) => (candidate ?? '') !== '') ?? '';
  if (typeof value === 'string') return value;
  return confidential ? 'an error that is no text' : JSON.stringify(value);
}

/** One line of at most 1,024 characters, all of which can be seen: the text reaches logs and terminals. */
export function printable(text: string): string {
  const line = escapeHidden(
    text.slice(0, maxErrorCharacters + 1).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' '),
  );
  return line.length > maxErrorCharacters ? `${line.slice(0, maxErrorCharacters)}…` : line.trim();
}
