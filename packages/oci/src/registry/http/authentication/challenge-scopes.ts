/**
 * The scopes to ask a token server for: those of the operation, and what the registry's challenge names beside them.
 */

/** Actions that a challenge may add, by the action that the operation is for. Azure's registry has its own for metadata. */
const addedActions: ReadonlyMap<string, readonly string[]> = new Map([
  ['pull', ['pull', 'metadata_read']],
  ['push', ['push', 'metadata_write']],
  // `*` is the action of a deletion in Docker's registry before version 2.7.
  ['delete', ['delete', '*']],
]);

/** Scopes of other kinds than repositories that a challenge may add, such as `registry:catalog:*`. */
const maxOthers = 4;

/**
 * Add the scopes of a challenge to those of an operation. Registries demand more than `pull` and `push` for some requests:
 * Azure's wants `metadata_read` for a list of tags.
 *
 * A challenge names neither another repository nor an action beyond what the operation is for: token servers are shared by
 * registries, and one of them must not get a token here that opens or changes what is in another one. (Docker asks for its
 * own scopes only, containerd for all that the challenge names.)
 * @param own such as `repository:acme/plugin:pull`
 * @param asked parameter `scope` of the challenge
 */
export function mergeScopes(own: readonly string[], asked: string | undefined): readonly string[] {
  const added = (asked ?? '').split(' ').filter((scope) => /^[\x21-\x7e]{1,256}$/.test(scope));
  const others = added.filter((scope) => !scope.startsWith('repository')).slice(0, maxOthers);
  return [...new Set([...own.map((scope) => withActions(scope, added)), ...others])];
}

/** A scope with the actions that others name for the same resource. */
function withActions(own: string, added: readonly string[]): string {
  const [resource, actions] = splitScope(own);
  const permitted = actions.flatMap((action) => addedActions.get(action) ?? []);
  const more = added
    .map(splitScope)
    .filter(([other]) => other === resource)
    .flatMap(([, named]) => named.filter((action) => permitted.includes(action)));
  return `${resource}:${[...new Set([...actions, ...more])].join(',')}`;
}

/** @returns type and name, such as `repository:acme/plugin`, and the actions */
function splitScope(scope: string): readonly [string, readonly string[]] {
  const end = scope.lastIndexOf(':');
  return end < 0 ? [scope, []] : [scope.slice(0, end), scope.slice(end + 1).split(',')];
}
