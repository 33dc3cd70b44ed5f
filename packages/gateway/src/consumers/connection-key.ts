/**
 * The identity of a connection.
 */
import type { ConnectOptions } from './consumer-kind.ts';

/** Names a connection: there is one for each kind, prefix, directory and user. */
export function keyOf(kind: string, { prefix, configDir, user }: ConnectOptions): string {
  return JSON.stringify([kind, prefix ?? '', configDir ?? '', ...(user === undefined ? [] : [user])]);
}

/** For people, with a space before it; empty for the host's own consumer. */
export function describeTarget({ prefix, configDir, user }: ConnectOptions): string {
  const parts = [
    ...(user === undefined ? [] : [`for the user ${user}`]),
    ...(prefix === undefined ? [] : [`below ${prefix}`]),
    ...(configDir === undefined ? [] : [`in ${configDir}`]),
  ];
  return parts.length === 0 ? '' : ` ${parts.join(' ')}`;
}
