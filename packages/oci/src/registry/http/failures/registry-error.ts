/**
 * Turns an unexpected response of a registry into an error: the status decides the kind, its text is quoted and escaped.
 */

import { escapeHidden } from '../../../errors/hidden-characters.ts';
import { type ErrorKind, OutboardError } from '../../../errors/outboard-error.ts';

/** Upper bound of a registry's text in an error, in characters. */
const maxTextLength = 1024;

const statusTexts: ReadonlyMap<number, string> = new Map([
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [402, 'Payment Required'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [405, 'Method Not Allowed'],
  [406, 'Not Acceptable'],
  [407, 'Proxy Authentication Required'],
  [408, 'Request Timeout'],
  [409, 'Conflict'],
  [411, 'Length Required'],
  [412, 'Precondition Failed'],
  [413, 'Request Entity Too Large'],
  [415, 'Unsupported Media Type'],
  [416, 'Requested Range Not Satisfiable'],
  [422, 'Unprocessable Entity'],
  [429, 'Too Many Requests'],
  [500, 'Internal Server Error'],
  [501, 'Not Implemented'],
  [502, 'Bad Gateway'],
  [503, 'Service Unavailable'],
  [504, 'Gateway Timeout'],
]);

/** The kind of error for an HTTP status. */
export function kindOfStatus(status: number): ErrorKind {
  switch (status) {
    case 401:
      return 'unauthorized';
    case 403:
      return 'forbidden';
    case 404:
      return 'not-found';
    case 400:
    case 406:
    case 411:
    case 413:
    case 415:
    case 416:
    case 422:
      return 'invalid';
    case 405:
    case 501:
      return 'not-implemented';
    case 409:
      return 'conflict';
    default:
      return 'unavailable';
  }
}

/**
 * Quote untrusted text on one line: hidden characters are escaped, and it is truncated to 1,024 characters.
 */
export function quoteForeignText(text: string): string {
  const escaped = escapeHidden(text.slice(0, maxTextLength).trim());
  return escaped.length > maxTextLength || text.length > maxTextLength
    ? `${escaped.slice(0, maxTextLength - 1)}…`
    : escaped;
}

/**
 * Describe the body of an error response.
 * @returns `CODE: message` of each error in the registry's JSON, plain text unchanged, nothing for HTML; escaped and
 *   truncated
 * @see OCI distribution-spec v1.1.1, "Error Codes"
 */
export function describeErrorBody(body: Uint8Array): string {
  const text = Buffer.from(body).toString('utf8');
  const errors = parseErrors(text);
  if (errors !== undefined) return quoteForeignText(errors.join(', '));
  return /^\s*[<{[]/.test(text) ? '' : quoteForeignText(text);
}

function parseErrors(text: string): string[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined; // not JSON: the caller shows it as text
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const errors = 'errors' in parsed ? parsed.errors : undefined;
  if (Array.isArray(errors)) return errors.slice(0, 10).map(describeError).filter(Boolean);
  // Docker Hub's token server: one text, and no code.
  return 'details' in parsed && typeof parsed.details === 'string' ? [parsed.details] : undefined;
}

function describeError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const message = 'message' in error && typeof error.message === 'string' ? error.message : '';
  return [code, message].filter(Boolean).join(': ');
}

/** Format a URL for messages: without user, query and fragment, which may hold secrets such as signatures. */
export function redactUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** A response with an unexpected status. */
export interface UnexpectedResponse {
  readonly method: string;
  readonly url: URL;
  readonly status: number;
  readonly body: Uint8Array;
}

/**
 * The error for a response with an unexpected status, in containerd's words.
 * @param answerer the server that responded; a 404 of another server does not mean that the registry lacks the content
 */
export function unexpectedStatus(
  response: UnexpectedResponse,
  note = '',
  answerer: 'registry' | 'another server' = 'registry',
): OutboardError {
  const { method, url, status } = response;
  const text = describeErrorBody(response.body);
  const statusText = [status, statusTexts.get(status)].filter(Boolean).join(' ');
  const message = `unexpected status from ${method} request to ${redactUrl(url)}: ${statusText}`;
  const kind = kindOfStatus(status);
  return new OutboardError(
    kind === 'not-found' && answerer !== 'registry' ? 'unavailable' : kind,
    [message + (text && `: ${text}`), note].filter(Boolean).join('; '),
    {
      details: { method, url: redactUrl(url), status, reason: text },
    },
  );
}
