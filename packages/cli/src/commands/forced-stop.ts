/**
 * Plugins that are in use: the commands after a refusal, and the users that a forced stop breaks.
 */
import type { EngineClient } from '../client/engine-client.ts';
import { fetchReferences } from '../client/outboard-api.ts';
import { DaemonError } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import { asText, field } from '../json-field.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';

/** Bound on the commands that are suggested. */
const maxSuggested = 5;

/** The plugin to stop. */
export interface ForcedStop {
  readonly name: string;
  /** The command that stops it in any case, such as `outboard disable --force ssh`. */
  readonly command: string;
}

/**
 * Stop a plugin, and name the users that this breaks on standard error, where docker prints nothing.
 * @param stop returns those users
 * @throws {DaemonError} the daemon's message, and the commands that release a plugin that is in use
 */
export async function stopInUse(
  { client, host }: Pick<CommandContext, 'client' | 'host'>,
  { name, command }: ForcedStop,
  stop: () => Promise<readonly string[]>,
): Promise<void> {
  try {
    warnOfBroken(host, await stop());
  } catch (error) {
    if (!(error instanceof DaemonError) || !/^plugin \S+ is in use: /.test(error.reason)) throw error;
    const releases = await commandsToRelease(client, name);
    const next = [...releases, `${command}, which breaks them`].join(', or ');
    throw new DaemonError(error.status, `${error.reason}: release it with ${next}`);
  }
}

function warnOfBroken(host: CommandHost, broken: readonly string[]): void {
  for (const use of broken) host.stderr.write(`WARNING: this breaks ${escapeText(use)}\n`);
}

async function commandsToRelease(client: EngineClient, name: string): Promise<readonly string[]> {
  const uses = await fetchReferences(client, name);
  const commands = new Set(uses.flatMap((use) => commandToRelease(use) ?? []));
  return [...commands].slice(0, maxSuggested);
}

/** Consumers unmount by themselves as they end, unless they have crashed. */
function commandToRelease(use: unknown): string | undefined {
  const holder = asText(field(use, 'Holder'));
  switch (asText(field(use, 'Kind'))) {
    case 'volume':
      return `outboard volume rm ${quote(holder)}`;
    case 'mount': {
      const isByHand = field(field(use, 'Consumer'), 'ByHand') === true;
      if (!isByHand && !asText(field(use, 'Note')).includes('nothing uses it')) return undefined;
      const slash = holder.lastIndexOf('/');
      const [volume, id] = [holder.slice(0, slash), holder.slice(slash + 1)];
      return `outboard volume unmount --holder ${quote(id)} ${quote(volume)}`;
    }
    default:
      return undefined;
  }
}

/** For a shell, where the word needs it. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
