/**
 * `outboard save`: write installed plugins to an archive.
 */
import { refuseTerminal, writeArchive } from '../archive/write-archive.ts';
import { type SaveChoices, saveArchive } from '../client/archive-api.ts';
import { inspectPlugin } from '../client/plugin-api.ts';
import { parsePlugin } from '../client/plugin-documents.ts';
import { throwReadError } from '../client/read-body.ts';
import { explainRefusal } from '../credentials/explain-refusal.ts';
import { registryConfigFor } from '../credentials/registry-auth.ts';
import { parseLocalName, parseRemoteReference } from '../references/remote-reference.ts';
import type { AuthFileFlag } from './auth-file-flag.ts';
import type { CommandContext } from './command-context.ts';

/** Flags of `outboard save`. */
export interface SaveOptions extends AuthFileFlag, Pick<SaveChoices, 'allPlatforms' | 'referrers'> {
  /** File; `-` for standard output, which is the default. */
  readonly output?: string | undefined;
}

/** Save plugins. @throws {CommandError} when the output would be a terminal */
export async function save(
  context: CommandContext,
  words: readonly string[],
  options: SaveOptions,
): Promise<void> {
  const { client, host, signal } = context;
  const { output, allPlatforms, referrers } = options;
  refuseTerminal({ output, host });
  const names = words.map(parseLocalName);
  const asksRegistries = allPlatforms === true || referrers === true;
  const auth = asksRegistries ? await registryConfig(names, context, options) : undefined;
  const choices = { allPlatforms, referrers, registryConfig: auth?.header };
  const request = () => saveArchive(client, names, choices);
  const archive = await (auth === undefined ? request() : explainRefusal(auth.note, request));
  try {
    await writeArchive(archive, { output, host, signal });
  } catch (error) {
    throwReadError(error, signal, 'the daemon closed the connection before the archive was complete');
  } finally {
    archive.destroy();
  }
}

/** The credentials for the registries that the plugins came from. */
async function registryConfig(
  names: readonly string[],
  { client, host, signal }: CommandContext,
  { authfile: authFile }: SaveOptions,
) {
  const references = [];
  for (const name of names) {
    const { reference } = parsePlugin(await inspectPlugin(client, name));
    references.push(parseRemoteReference(reference === '' ? name : reference));
  }
  return await registryConfigFor(references, { host, signal, authFile });
}
