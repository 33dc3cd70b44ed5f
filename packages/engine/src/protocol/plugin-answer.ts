/**
 * From a plugin's HTTP answer to its fields or its failure. Consumers and plugins disagree on how failure looks, so
 * every form counts: a status other than 200, `Err`, and the `Error` of IPAM drivers, with any status.
 */
import { OutboardError } from '@outboard/oci';
import { isJsonObject, type JsonObject, type JsonValue } from '../config/json-document.ts';
import { type ReplyFields, readReply } from './plugin-reply.ts';

/** An answer as it came. */
export interface PluginAnswer {
  readonly status: number;
  readonly text: string;
}

const maxErrorCharacters = 1024;

/**
 * Read an answer.
 * @throws {OutboardError} system, code `plugin-error` with `details.status` and `details.err`, or
 *   `plugin-reply-malformed`
 */
export function readAnswer({ status, text }: PluginAnswer, method: string): ReplyFields {
  const object = parseObject(text);
  const err = object === undefined ? '' : errorText(object);
  if (status !== 200 || err !== '') {
    const reason = printable(err === '' ? text : err) || `status ${status}`;
    throw new OutboardError('system', `${method}: ${reason}`, {
      code: 'plugin-error',
      details: { method, status, err: reason },
    });
  }
  if (object !== undefined) return readReply(object, method);
  const shown = text === '' ? 'nothing' : JSON.stringify(printable(text).slice(0, 80));
  throw new OutboardError('system', `${method}: malformed reply: want a JSON object, got ${shown}`, {
    code: 'plugin-reply-malformed',
  });
}

/** The reply as an object; null counts as one without fields. Undefined when it is anything else. */
function parseObject(text: string): JsonObject | undefined {
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch {
    // A failing plugin may answer in plain text: the status tells.
    return undefined;
  }
  if (value === null) return {};
  return isJsonObject(value) ? value : undefined;
}

/** What the plugin says went wrong; empty when nothing did. A value that is no text is a failure all the same. */
function errorText(object: JsonObject): string {
  const fields = readReply(object, 'error');
  const values = [fields.raw('Err'), fields.raw('Error')];
  const value = values.find((candidate) => (candidate ?? '') !== '') ?? '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** One line of at most 1,024 characters without control and format characters: the text reaches logs and terminals. */
export function printable(text: string): string {
  const line = text.slice(0, maxErrorCharacters + 1).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
  return line.length > maxErrorCharacters ? `${line.slice(0, maxErrorCharacters)}…` : line.trim();
}
