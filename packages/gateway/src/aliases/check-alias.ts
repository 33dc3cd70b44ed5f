/**
 * Refuses names of sockets, with one that would be right.
 */
import { OutboardError } from '@outboard/oci';

/** The size of `sun_path` without the NUL at its end. @see unix(7) */
const longestPath = 107;

/** The path of a socket in a directory. */
export function socketPath(directory: string, alias: string): string {
  return `${directory}/${alias}.sock`;
}

/** @throws {OutboardError} invalid when consumers could not connect to a socket of this name, as its path is too long */
export function requireShortPath(directory: string, alias: string): void {
  const excess = Buffer.byteLength(socketPath(directory, alias)) - longestPath;
  if (excess <= 0) return;
  const shorter = alias.slice(0, Math.max(0, alias.length - excess));
  const remedy =
    shorter === ''
      ? `name a shorter directory with --gateway-dir`
      : `${JSON.stringify(shorter)} would be short enough`;
  throw new OutboardError(
    'invalid',
    `invalid "gateway.alias" ${JSON.stringify(alias)}: the path of its socket has ${longestPath + excess} bytes, ` +
      `${longestPath} are allowed; ${remedy}`,
  );
}

/**
 * @param holder full name of the plugin that keeps the name; undefined if none does
 * @param isFree judges a suggestion
 * @throws {OutboardError} conflict when there is a holder
 */
export function requireFree(
  alias: string,
  holder: string | undefined,
  isFree: (alias: string) => boolean,
): void {
  if (holder === undefined) return;
  let suggestion = '';
  for (let number = 2; suggestion === '' || !isFree(suggestion); number += 1)
    suggestion = `${alias}-${number}`;
  throw new OutboardError(
    'conflict',
    `invalid "gateway.alias" ${JSON.stringify(alias)}: it is the name of plugin ${holder}; ${JSON.stringify(suggestion)} is free`,
  );
}
