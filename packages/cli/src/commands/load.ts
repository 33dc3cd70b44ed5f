/**
 * `outboard load`: install the plugins of an archive.
 */
import { openArchiveBody } from '../archive/archive-body.ts';
import { archivedReference, describePlugin } from '../archive/choose-plugin.ts';
import { type ArchivedPlugin, stageArchive } from '../client/archive-api.ts';
import { findPlugin } from '../client/build-api.ts';
import { fetchStatus } from '../client/outboard-api.ts';
import { enablePlugin, fetchPrivileges, pullPlugin } from '../client/plugin-api.ts';
import { CommandError } from '../command-error.ts';
import { field } from '../json-field.ts';
import { askConsent } from '../privileges/consent.ts';
import { showTrust } from '../privileges/show-trust.ts';
import { showProgress } from '../progress/show-progress.ts';
import { parsePluginSource } from '../references/plugin-source.ts';
import { parseLocalName } from '../references/remote-reference.ts';
import { escapeText } from '../terminal/escape-text.ts';
import { type CommandContext, forEachName } from './command-context.ts';
import { dropStaged, noRegistryAuth } from './open-plugin.ts';
import { checkPlatformFlag, type PlatformFlag } from './platform-flag.ts';

/** Flags of `outboard load`. */
export interface LoadOptions extends PlatformFlag {
  /** File or layout directory; default standard input. */
  readonly input?: string | undefined;
  /** Local name, for an archive of one plugin. */
  readonly alias?: string | undefined;
  readonly enable?: boolean | undefined;
  readonly grantAllPermissions?: boolean | undefined;
}

/** Install every plugin of an archive, disabled. One that is installed already stays as it is. */
export async function load(context: CommandContext, options: LoadOptions): Promise<void> {
  const { client } = context;
  await checkPlatformFlag(client, options);
  const alias = options.alias === undefined ? undefined : parseLocalName(options.alias);
  const body = await openArchiveBody(inputOf(options), context);
  const archive = await stageArchive(client, body);
  try {
    if (alias !== undefined && archive.plugins.length > 1) {
      const names = archive.plugins.map(describePlugin).join(', ');
      throw new CommandError(`--alias is for archives of one plugin; this one holds ${names}`);
    }
    const byDigest = new Map(archive.plugins.map((plugin) => [describePlugin(plugin), plugin]));
    await forEachName([...byDigest.keys()], context, async (name) => {
      const plugin = byDigest.get(name);
      if (plugin !== undefined) await loadPlugin(context, plugin, { ...options, alias, archive: archive.id });
    });
  } finally {
    await dropStaged(context, archive.id);
  }
}

function inputOf({ input = '-' }: LoadOptions) {
  const source = parsePluginSource(input);
  // A file needs no `./` here, since nothing else can be meant.
  return source.kind === 'registry' ? ({ kind: 'file', path: input } as const) : source;
}

async function loadPlugin(
  context: CommandContext,
  archived: ArchivedPlugin,
  options: LoadOptions & { readonly archive: string },
): Promise<void> {
  const { client, host, signal } = context;
  const { archive, platform } = options;
  const localName = options.alias ?? archived.name;
  const remote = archivedReference(archived, options.alias);
  if (await isInstalled(context, localName, archived)) {
    host.stdout.write(`Plugin ${escapeText(localName)} is installed already\n`);
    return;
  }
  const plugin = { remote, registryAuth: noRegistryAuth, platform, archive };
  const privileges = await fetchPrivileges(client, plugin);
  if (options.grantAllPermissions !== true && privileges.length > 0) await showTrust(client, plugin, host);
  if (options.grantAllPermissions !== true && !(await askConsent(localName, privileges, host, signal))) {
    throw new CommandError(`Permission denied while loading plugin ${localName}`);
  }
  const pulled = await pullPlugin(client, localName, plugin, privileges);
  await showProgress(pulled.progress, host, signal);
  if (options.enable === true) await enablePlugin(client, pulled.name, 0);
  host.stdout.write(`Loaded plugin ${escapeText(pulled.name)}\n`);
}

/**
 * @returns true when the same content is installed under the name
 * @throws {CommandError} when other content is
 */
async function isInstalled(
  { client }: CommandContext,
  name: string,
  { digest, name: archivedName }: ArchivedPlugin,
): Promise<boolean> {
  if ((await findPlugin(client, name)) === undefined) return false;
  const status = await fetchStatus(client, name);
  if ([field(status, 'Digest'), field(status, 'IndexDigest')].includes(digest)) return true;
  const source = archivedName === '' ? 'FILE' : `oci-archive:FILE:${archivedName}`;
  throw new CommandError(
    `plugin ${name} is installed with other content; to replace it: outboard upgrade --skip-remote-check ${name} ${source}`,
  );
}
