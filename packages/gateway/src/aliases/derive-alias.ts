/**
 * The name of a plugin's socket from the plugin's name.
 */

/**
 * Names for a plugin's socket, the preferred one first: the last component of the repository, then with its namespace, then
 * with its tag. Of `acme/p:v2` these are `p`, `acme-p` and `acme-p-v2`.
 * @param name full local name, perhaps with a registry
 */
export function deriveAliases(name: string): readonly string[] {
  const [, repository = name, tag = ''] = /^(.*?)(?::([^:/]*))?$/.exec(name) ?? [];
  const components = repository.split('/');
  const last = components.at(-1) ?? repository;
  const qualified = components.slice(-2).join('-');
  return [...new Set([last, qualified, tag === '' ? qualified : `${qualified}-${tag}`])];
}
