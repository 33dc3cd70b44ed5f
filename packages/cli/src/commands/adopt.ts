/**
 * `outboard adopt`
 */
import { resolve } from 'node:path';
import { type AdoptedPlugin, adoptPlugins } from '../client/adopt-api.ts';
import { CommandError } from '../command-error.ts';
import { formatRows, parseFormat, type Table } from '../output/output-format.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';

/** Flags of `outboard adopt`. */
export interface AdoptFlags {
  readonly dryRun?: boolean | undefined;
  readonly force?: boolean | undefined;
  /** In the form of `parseFormat`. */
  readonly format: string;
}

/** Adopt plugins, and print the result for each. @throws {CommandError} exit code 1 when one was refused */
export async function adopt(
  { client, host }: CommandContext,
  directory: string,
  plugins: readonly string[],
  { dryRun = false, force = false, format }: AdoptFlags,
): Promise<void> {
  const parsed = parseFormat(format);
  // The daemon has another working directory.
  const choices = { directory: resolve(directory), plugins, force, isDryRun: dryRun };
  const adopted = await adoptPlugins(client, choices);
  host.stdout.write(formatRows(adopted.map(toRow), parsed, table));
  for (const { name, id, warnings } of adopted) {
    for (const warning of warnings)
      host.stderr.write(`Warning: ${escapeText(`${name || id}: ${warning}`)}\n`);
  }
  const refused = adopted.filter(({ outcome }) => outcome === 'refused');
  if (refused.length > 0)
    throw new CommandError(`${refused.length} of ${adopted.length} plugins cannot be adopted`);
}

interface Row {
  readonly ID: string;
  readonly Name: string;
  readonly Enabled: boolean;
  /** In words. */
  readonly Result: string;
  readonly Reason: string;
}

const words: Readonly<Record<string, string>> = {
  adoptable: 'can be adopted',
  present: 'adopted before',
};

function toRow({ id, name, enabled, outcome, reason }: AdoptedPlugin): Row {
  return { ID: id, Name: name, Enabled: enabled, Result: words[outcome] ?? outcome, Reason: reason };
}

const table: Table<Row> = {
  columns: {
    ID: ({ ID }) => ID.slice(0, 12),
    NAME: ({ Name }) => Name || '-',
    ENABLED: ({ Enabled }) => String(Enabled),
    RESULT: ({ Result, Reason }) => (Reason === '' ? Result : `${Result}: ${Reason}`),
  },
  headers: { ID: 'ID', Name: 'NAME', Enabled: 'ENABLED', Result: 'RESULT', Reason: 'REASON' },
};
