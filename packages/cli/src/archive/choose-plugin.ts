/**
 * Chooses a plugin of an archive, and the reference by which it is installed.
 */
import type { ArchivedPlugin, StagedArchive } from '../client/archive-api.ts';
import { CommandError } from '../command-error.ts';
import { formatReference, parseRemoteReference, withDefaultTag } from '../references/remote-reference.ts';

/**
 * Choose by a name: whole or familiar reference, bare tag or digest.
 * @param name default: the only plugin
 * @throws {CommandError} when there is none, or more than one
 */
export function choosePlugin({ plugins }: StagedArchive, name: string | undefined): ArchivedPlugin {
  const found = name === undefined ? plugins : plugins.filter((plugin) => hasName(plugin, name));
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first;
  const names = plugins.map(describePlugin).join(', ');
  if (first === undefined)
    throw new CommandError(`the archive has no ${name ?? 'plugin'}: it holds ${names}`);
  throw new CommandError(
    `the archive holds several plugins, choose one by oci-archive:FILE:NAME, or load all of them: ${names}`,
  );
}

/** The name of a plugin for users. */
export function describePlugin({ name, tag, digest }: ArchivedPlugin): string {
  return name || tag || digest;
}

/**
 * The reference by which a plugin of an archive is installed.
 * @param alias local name, for a plugin that the archive does not name
 * @throws {CommandError} when neither names it
 */
export function archivedReference(plugin: ArchivedPlugin, alias: string | undefined): string {
  if (plugin.remote !== '') return plugin.remote;
  if (alias === undefined) {
    throw new CommandError(
      `the archive does not name its plugin ${describePlugin(plugin)}: name it with --alias`,
    );
  }
  const { domain, path, tag } = withDefaultTag(parseRemoteReference(alias));
  const ownTag = plugin.tag || tag;
  return `${formatReference({ domain, path })}:${ownTag}`;
}

function hasName(plugin: ArchivedPlugin, name: string): boolean {
  if (name === plugin.digest || (plugin.tag !== '' && name === plugin.tag)) return true;
  if (/^[\w][\w.-]*$/.test(name) && plugin.name.endsWith(`:${name}`)) return true;
  const wanted = canonical(name);
  return [plugin.name, plugin.remote].some((own) => own !== '' && canonical(own) === wanted);
}

function canonical(text: string): string {
  return formatReference(withDefaultTag(parseRemoteReference(text)));
}
