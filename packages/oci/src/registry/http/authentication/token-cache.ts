/**
 * Caches bearer tokens until shortly before they expire, each under everything that it was requested with.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '@outboard/async';
import type { RegistryCredentials } from '../../registry-client.ts';
import type { Token } from './token-answer.ts';

/** The parameters of a token request; requests that differ in any of them never share a token. */
export interface TokenKey {
  /** Registry host and port. */
  readonly host: string;
  readonly realm: string;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  /** Credentials sent to the token server; undefined for an anonymous token. */
  readonly credentials: RegistryCredentials | undefined;
}

/** Tokens that have not expired. */
export interface TokenCache {
  get(key: TokenKey): Token | undefined;
  set(key: TokenKey, token: Token): void;
  delete(key: TokenKey): void;
}

const maxTokens = 1000;
/** A token is not used in its last seconds: it could expire before the registry sees it. */
const marginMs = 5_000;

/** Create an empty cache. */
export function createTokenCache(clock: Pick<Clock, 'now'>): TokenCache {
  const tokens = new Map<string, Token>();
  return {
    get(key) {
      const hash = hashOf(key);
      const token = tokens.get(hash);
      if (token === undefined || token.expiresAt - marginMs > clock.now().getTime()) return token;
      tokens.delete(hash);
      return undefined;
    },
    set(key, token) {
      const hash = hashOf(key);
      tokens.delete(hash); // so that it is inserted as the newest
      tokens.set(hash, token);
      const oldest = tokens.keys().next();
      if (tokens.size > maxTokens && !oldest.done) tokens.delete(oldest.value);
    },
    delete(key) {
      tokens.delete(hashOf(key));
    },
  };
}

/** A hash, so that the map holds no secret. */
function hashOf(key: TokenKey): string {
  const { host, realm, service, scopes, credentials } = key;
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
