/**
 * Remembers bearer tokens until shortly before they expire, each for exactly the question that was asked.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '@outboard/async';
import type { RegistryCredentials } from '../../registry-client.ts';
import type { Token } from './token.ts';

/** What a token was asked with; two questions that differ in any part never share a token. */
export interface TokenQuestion {
  /** Registry host and port. */
  readonly host: string;
  readonly realm: string;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  /** What the token server saw; undefined for an anonymous token. */
  readonly credentials: RegistryCredentials | undefined;
}

/** Tokens at hand. */
export interface TokenCache {
  get(question: TokenQuestion): Token | undefined;
  set(question: TokenQuestion, token: Token): void;
  delete(question: TokenQuestion): void;
}

const maxTokens = 1000;
/** Not used in its last seconds: it would expire on its way. */
const marginMs = 5_000;

/** Start with no tokens. */
export function createTokenCache(clock: Pick<Clock, 'now'>): TokenCache {
  const tokens = new Map<string, Token>();
  return {
    get(question) {
      const key = keyOf(question);
      const token = tokens.get(key);
      if (token === undefined || token.expiresAt - marginMs > clock.now().getTime()) return token;
      tokens.delete(key);
      return undefined;
    },
    set(question, token) {
      const key = keyOf(question);
      tokens.delete(key); // so that it counts as the youngest
      tokens.set(key, token);
      const oldest = tokens.keys().next();
      if (tokens.size > maxTokens && !oldest.done) tokens.delete(oldest.value);
    },
    delete(question) {
      tokens.delete(keyOf(question));
    },
  };
}

// A digest, so that the keys hold no secret.
function keyOf(question: TokenQuestion): string {
  const { host, realm, service, scopes, credentials } = question;
  const parts = [
    host,
    realm,
    service ?? null,
    scopes,
    credentials?.username ?? null,
    credentials?.password ?? null,
    credentials?.identityToken ?? null,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}
