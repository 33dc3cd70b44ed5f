/**
 * The form of a row in the table of commands.
 */
import { type Command, Option } from 'commander';
import type { CommandContext } from './command-context.ts';

/**
 * Runs one command: its arguments in the order of its row, then its options. Each command declares the types that its
 * row gives.
 */
export type CommandFunction = (context: CommandContext, ...words: never[]) => Promise<void>;

/** One command: its words, flags and help, and the module that runs it. */
export interface CommandRow {
  readonly name: string;
  readonly alias?: string | undefined;
  /** Left out of help and manual: for programs, not for people. */
  readonly hidden?: true | undefined;
  /** `<NAME>`, `[NAME]` or with `...`, and its help. */
  readonly arguments?: readonly (readonly [name: string, help?: string])[] | undefined;
  readonly description: string;
  /** Adds flags that several commands share; they precede `options` in the help. */
  readonly addFlags?: ((command: Command) => Command) | undefined;
  readonly options?: readonly Option[] | undefined;
  /** Paragraph of the help after the options. */
  readonly notes?: string | undefined;
  /** Lines of the help that can be typed. */
  readonly examples?: readonly string[] | undefined;
}

/** A command that does something. */
export interface RunnableRow extends CommandRow {
  /** Imports the module of the command: only the one that runs is loaded, which keeps the start short. */
  readonly load: () => Promise<CommandFunction>;
}

/** A command with subcommands. */
export interface GroupRow extends CommandRow {
  readonly commands: readonly RunnableRow[];
}

/** An option with its help, and its default when it has one. */
export function option(flags: string, help: string, defaultValue?: string): Option {
  return new Option(flags, help).default(defaultValue);
}

/** An option that may be repeated; its value is the list of all values. */
export function repeatableOption(flags: string, help: string): Option {
  return new Option(flags, help).argParser((value: string, previous: readonly string[] = []) => [
    ...previous,
    value,
  ]);
}

/** The option `--format` of commands that print a table. @param field one that its example shows */
export function formatOption(field: string): Option {
  return option('--format <format>', `table, json, or a template such as {{.${field}}}`, 'table');
}

/** Accepted and ignored: scripts for Docker pass it, and Docker has removed the feature. */
export function contentTrustOption(): Option {
  return new Option('--disable-content-trust [boolean]').hideHelp();
}

/** The options of commands whose table is fitted to the terminal. @param columns as an example */
export function tableOptions(
  columns: string,
  shown = 'do not truncate or drop columns to fit the terminal',
): readonly Option[] {
  return [
    option('--columns <names>', `columns of the table, such as ${columns}`),
    option('--no-trunc', shown),
  ];
}
