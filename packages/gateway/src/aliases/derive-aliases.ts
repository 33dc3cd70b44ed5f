/**
 * Names for the socket of a plugin from the plugin's name.
 */
import { createHash } from 'node:crypto';
import { flawOfAlias, usableAlias } from '@outboard/engine';

/**
 * Names for a plugin's socket, the preferred one first: the last component of the repository, then with its namespace, then
 * with its tag, then with a digest that no other name has. Of `acme/p:v2` these are `p`, `acme-p`, `acme-p-v2` and `p-` with
 * eight digits. Names that consumers cannot take are passed over. The same name gives the same list for ever.
 * @param name full local name, perhaps with a registry
 */
export function deriveAliases(name: string): readonly string[] {
  const [, repository = name, tag = ''] = /^(.*?)(?::([^:/]*))?$/.exec(name) ?? [];
  const components = repository.split('/');
  const last = components.at(-1) ?? repository;
  const qualified = components.slice(-2).join('-');
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8);
  const readable = [last, qualified, tag === '' ? qualified : `${qualified}-${tag}`];
  const usable = readable.filter((alias) => flawOfAlias(alias) === undefined);
  return [...new Set([...usable, `${usableAlias(last).slice(0, longestPrefix)}-${digest}`])];
}

/** Leaves room for the digest. */
const longestPrefix = 40;
