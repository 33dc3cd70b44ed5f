/**
 * Pages of commands, from their rows in the table of commands.
 */
import { Command, type Option } from 'commander';
import type { GroupRow, RunnableRow } from '../commands/command-row.ts';
import {
  type ManualFacts,
  type ManualPage,
  optionList,
  placeholder,
  seeAlso,
  writePage,
} from './manual-page.ts';
import { bold, escapeRoff, exampleLines, section, sentence, termList } from './roff.ts';

/** The pages of a command and its subcommands, without those that the help hides. */
export function commandPages(row: RunnableRow | GroupRow, facts: ManualFacts): readonly ManualPage[] {
  return pagesBelow(row, [], facts);
}

/** The options of a row, those that several commands share first, as in its help. */
function optionsOf(row: RunnableRow | GroupRow): readonly Option[] {
  const command = new Command(row.name);
  row.addFlags?.(command);
  return [...command.options, ...(row.options ?? [])];
}

function pagesBelow(
  row: RunnableRow | GroupRow,
  parents: readonly string[],
  facts: ManualFacts,
): readonly ManualPage[] {
  if (row.hidden === true) return [];
  const words = [...parents, row.name];
  const page = writePage(
    {
      name: pageName(words),
      number: 1,
      purpose: row.description,
      sections: [
        section('SYNOPSIS', [synopsis(row, words)]),
        section('DESCRIPTION', [...description(row), subcommands(row)]),
        section('OPTIONS', [optionList(optionsOf(row)), commonOptions]),
        section('EXAMPLES', [exampleLines(row.examples ?? [])]),
        seeAlso([...(parents.length === 0 ? [] : [`${pageName(parents)}(1)`]), 'outboard(1)']),
      ],
    },
    facts,
  );
  const below = 'commands' in row ? row.commands.flatMap((each) => pagesBelow(each, words, facts)) : [];
  return [page, ...below];
}

const commonOptions = `The options of ${bold('outboard')}(1) can be given as well.`;

function synopsis(row: RunnableRow | GroupRow, words: readonly string[]): string {
  const args = (row.arguments ?? []).map(([name]) => placeholder(name));
  const rest = 'commands' in row ? [placeholder('<COMMAND>'), '...'] : ['[OPTIONS]', ...args];
  return [bold(`outboard ${words.join(' ')}`), ...rest].join(' ');
}

function description(row: RunnableRow | GroupRow): readonly string[] {
  const args = (row.arguments ?? []).flatMap(([name, help]) =>
    help === undefined ? [] : [[placeholder(name), escapeRoff(sentence(help))] as const],
  );
  return [
    escapeRoff(sentence(row.description)),
    row.alias === undefined ? '' : `${bold(row.alias)} is another name of this command.`,
    termList(args),
    row.notes === undefined ? '' : escapeRoff(row.notes),
  ];
}

function subcommands(row: RunnableRow | GroupRow): string {
  if (!('commands' in row)) return '';
  return termList(
    row.commands
      .filter(({ hidden }) => hidden !== true)
      .map((each) => [bold(each.name), escapeRoff(sentence(each.description))]),
  );
}

/** Such as `outboard-volume-create`. */
function pageName(words: readonly string[]): string {
  return ['outboard', ...words].join('-');
}
