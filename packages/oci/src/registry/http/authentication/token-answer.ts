/**
 * Reads the answer of a token server.
 */
import * as z from 'zod';
import { hasBoundedValues } from '../../../documents/json-work.ts';
import { OutboardError } from '../../../errors/outboard-error.ts';
import { redactUrl } from '../failures/registry-error.ts';

/** A token with its expiry. */
export interface Token {
  /** Sent as `Authorization: Bearer <value>`. */
  readonly value: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
  /** OAuth2 refresh token, if the server sent one. */
  readonly refreshToken?: string;
}

const maxTokenValues = 1000;
const maxTokenLength = 64 * 1024;
const shortestLifeSeconds = 60;
const longestLifeSeconds = 3600;

const tokenAnswer = z.object({
  token: z.string().nullish(),
  access_token: z.string().nullish(),
  refresh_token: z.string().nullish(),
  expires_in: z.unknown().optional(),
  issued_at: z.unknown().optional(),
});

/**
 * Parse a token server's response.
 * @param now this host's time, in milliseconds since the Unix epoch
 * @param servedAt the server's `Date`: a token that the server kept since `issued_at` has lived that long already. Both
 *   times are the server's, so that a wrong clock on either side does not matter
 * @throws {OutboardError} invalid
 */
export function parseTokenAnswer(body: Buffer, realm: URL, now: number, servedAt?: string): Token {
  let json: unknown;
  if (!hasBoundedValues(body, maxTokenValues))
    throw noToken(realm, `it has more than ${maxTokenValues} values`);
  const text = body.toString('utf8');
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's message would quote the body, which may hold a token.
    throw noToken(realm, /^\s*</.test(text) ? 'it is an HTML page' : 'it is not JSON');
  }
  const parsed = tokenAnswer.safeParse(json);
  const answer = parsed.success ? parsed.data : {};
  const value = answer.token || answer.access_token;
  if (!value) throw noToken(realm, 'it holds no token');
  const refreshToken = answer.refresh_token;
  if (!isToken(value) || (refreshToken && !isToken(refreshToken)))
    throw noToken(realm, 'its token is malformed');
  const lifeMs = lifeSeconds(answer.expires_in) * 1000;
  const expiresAt = now + lifeMs - ageMs(answer.issued_at, servedAt, lifeMs);
  return { value, expiresAt, ...(refreshToken && { refreshToken }) };
}

/** True for printable ASCII without spaces: a superset of RFC 6750's b68token that cannot end a header line. */
function isToken(text: string): boolean {
  return text.length <= maxTokenLength && /^[\x21-\x7e]+$/.test(text);
}

function lifeSeconds(claimed: unknown): number {
  const seconds = typeof claimed === 'number' && !Number.isNaN(claimed) ? claimed : shortestLifeSeconds;
  return Math.min(longestLifeSeconds, Math.max(shortestLifeSeconds, Math.floor(seconds)));
}

/** The age of a token; 0 when the times do not say, or contradict the lifetime: some servers send year 1. */
function ageMs(issuedAt: unknown, servedAt: string | undefined, lifeMs: number): number {
  if (typeof issuedAt !== 'string' || servedAt === undefined) return 0;
  const age = Date.parse(servedAt) - Date.parse(issuedAt);
  return age > 0 && age < lifeMs ? age : 0;
}

function noToken(realm: URL, why: string): OutboardError {
  return new OutboardError(
    'invalid',
    `the answer of token server ${redactUrl(realm)} cannot be used: ${why}`,
  );
}
