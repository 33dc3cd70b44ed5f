/**
 * Turns an unexpected response of a registry into an error: the status decides the kind, its text is quoted and escaped,
 * and what to try is added.
 */

import { escapeHidden } from '../../../errors/hidden-characters.ts';
import { type ErrorKind, OutboardError } from '../../../errors/outboard-error.ts';
import { adviceFor } from './advice.ts';

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
  [421, 'Misdirected Request'],
  [422, 'Unprocessable Entity'],
  [425, 'Too Early'],
  [429, 'Too Many Requests'],
  [500, 'Internal Server Error'],
  [501, 'Not Implemented'],
  [502, 'Bad Gateway'],
  [503, 'Service Unavailable'],
  [504, 'Gateway Timeout'],
  [507, 'Insufficient Storage'],
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
  const own = describeError(parsed);
  return own === '' ? undefined : [own];
}

/** Names of the fields of an error: those of the specification, of OAuth2, and of Docker Hub's token server. */
const codeFields = ['code', 'error'] as const;
const messageFields = ['message', 'error_description', 'details'] as const;

function describeError(error: unknown): string {
  if (typeof error === 'string') return error;
  if (typeof error !== 'object' || error === null) return '';
  const fields = new Map<string, unknown>(Object.entries(error));
  const first = (names: readonly string[]) => names.map((name) => fields.get(name)).find(isText) ?? '';
  return [first(codeFields), first(messageFields)].filter(Boolean).join(': ');
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
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
 * @param note words about access, before what the user may try
 * @param answerer the server that responded; a 404 of another server does not mean that the registry lacks the content
 */
export function unexpectedStatus(
  response: UnexpectedResponse,
  note = '',
  answerer: 'registry' | 'another server' = 'registry',
): OutboardError {
  const { method, url } = response;
  const message = `unexpected status from ${method} request to ${redactUrl(url)}: ${statusLine(response.status)}`;
  return statusError(response, message, note, answerer === 'registry');
}

/** The error for a refusal of a token server, which is never taken for an answer of the registry. */
export function tokenServerStatus(response: UnexpectedResponse, note: string): OutboardError {
  const { method, url } = response;
  const message = `the token server ${url.host} answered ${statusLine(response.status)} to ${method} ${redactUrl(url)}`;
  return statusError(response, message, note, false);
}

function statusLine(status: number): string {
  return [status, statusTexts.get(status)].filter(Boolean).join(' ');
}

function statusError(
  response: UnexpectedResponse,
  message: string,
  note: string,
  isRegistry: boolean,
): OutboardError {
  const { method, url, status } = response;
  const text = describeErrorBody(response.body);
  const kind = kindOfStatus(status);
  const advice = isRegistry ? adviceFor({ method, status, reason: text }) : '';
  return new OutboardError(
    kind === 'not-found' && !isRegistry ? 'unavailable' : kind,
    [message + (text && `: ${text}`), note, advice].filter(Boolean).join('; '),
    {
      details: {
        method,
        url: redactUrl(url),
        status,
        reason: text,
        note: [note, advice].filter(Boolean).join('; '),
      },
    },
  );
}

/** Texts that only repeat that something was not found. @see OCI distribution-spec v1.1.1, "Error Codes" */
const plainNotFound =
  /^(?:\w+: )?(?:(?:the named )?(?:manifest|blob|tag|repository(?: name)?)? ?(?:is )?(?:not known|unknown|not found)(?: to (?:the )?registry)?|404 (?:page )?not found)?\.?$/i;

/**
 * The error for content that the registry lacks, in Docker's words: `SUBJECT: not found`, then the registry's own text
 * where it says more, and whether the content may be private.
 * @param cause an error of `unexpectedStatus`
 */
export function notFound(subject: string, cause: OutboardError): OutboardError {
  const { reason = '', note = '' } = cause.details ?? {};
  const text = typeof reason === 'string' && !plainNotFound.test(reason) ? `: ${reason}` : '';
  const message = `${subject}: not found${text}`;
  return new OutboardError('not-found', note ? `${message}; ${note}` : message, { cause });
}
