/**
 * `outboard volume create`
 * @see docker/cli cli/command/volume/create.go (28.x)
 */
import { createVolume } from '../../client/volume-api.ts';
import { CommandError } from '../../command-error.ts';
import { escapeText } from '../../terminal/escape-text.ts';
import type { CommandContext } from '../command-context.ts';

/** Flags of `outboard volume create`. */
export interface CreateVolumeFlags {
  readonly driver?: string | undefined;
  /** `KEY=VALUE`, passed to the driver. */
  readonly opt?: readonly string[] | undefined;
  /** `KEY` or `KEY=VALUE` */
  readonly label?: readonly string[] | undefined;
}

/** Create a volume, and print its name. @param name default: a random one that the daemon chooses */
export async function create(
  { client, host }: CommandContext,
  name: string | undefined,
  { driver, opt = [], label = [] }: CreateVolumeFlags,
): Promise<void> {
  const options = pairsOf(opt, 'option', 'size=1g');
  const created = await createVolume(client, {
    name,
    driver,
    options,
    labels: pairsOf(label, 'label', 'team=db'),
  });
  host.stdout.write(`${escapeText(created)}\n`);
}

/** As in Docker, a word without `=` has an empty value. */
function pairsOf(words: readonly string[], what: string, example: string): Readonly<Record<string, string>> {
  const pairs = words.map((word) => {
    const [key = '', ...rest] = word.split('=');
    if (key.trim() !== '') return [key, rest.join('=')] as const;
    throw new CommandError(`invalid ${what} "${word}": it must be KEY=VALUE, such as ${example}`, {
      exitCode: 125,
    });
  });
  return Object.fromEntries(pairs);
}
