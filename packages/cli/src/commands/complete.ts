/**
 * `outboard __complete`: candidates for the scripts of shells. Silent when the daemon does not answer in time.
 */
import { type AddressFlags, findAddress } from '../client/engine-address.ts';
import { EngineClient } from '../client/engine-client.ts';
import type { Candidates } from '../completion/candidate.ts';
import { completeWords } from '../completion/complete-words.ts';
import { findPlace, type Place } from '../completion/find-place.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';

/** A user waits at the prompt; even Ctrl-C waits no longer than this. */
const limitMs = 2000;

/**
 * Print one line for each candidate, with its help after a tab, and then a line for the shell: `:words` if each is a whole
 * word, `:open` if the user goes on typing it, `:files` or `:directories` for paths.
 * @param words of the command line, without the program's name; the last one is under the cursor
 */
export async function complete(context: CommandContext, words: readonly string[]): Promise<void> {
  const place = findPlace(context.program, words);
  const word = words.at(-1) ?? '';
  // Of `--option=value` only the value was completed.
  const before = word.slice(0, word.length - place.typed.length);
  const found = await findCandidates(context, place);
  if (typeof found === 'string') {
    context.host.stdout.write(`:${found}\n`);
    return;
  }
  const lines = found.words.map((candidate) => {
    const help = escapeText(candidate.help.split('\n')[0] ?? '');
    return `${before}${escapeText(candidate.word)}${help === '' ? '' : `\t${help}`}\n`;
  });
  context.host.stdout.write(`${lines.join('')}${found.isOpen === true ? ':open' : ':words'}\n`);
}

async function findCandidates(context: CommandContext, place: Place): Promise<Candidates> {
  let client: EngineClient | undefined;
  const openOnce = () => {
    client ??= openClient(context, place.address);
    return client;
  };
  try {
    return await completeWords(context.program, { place, env: context.host.env, openClient: openOnce });
  } catch {
    // No daemon, or no plugin of that name: there is nothing to suggest, and an error would disturb the prompt.
    return { words: [] };
  } finally {
    await client?.close();
  }
}

function openClient({ host, version }: CommandContext, flags: AddressFlags): EngineClient {
  return new EngineClient({
    address: findAddress(flags, host.env),
    signal: AbortSignal.timeout(limitMs),
    userAgent: `outboard/${version} (linux)`,
    apiVersion: host.env.DOCKER_API_VERSION,
  });
}
