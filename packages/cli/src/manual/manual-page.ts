/**
 * The form of a manual page, and the parts that several pages have.
 */
import type { Option } from 'commander';
import { bold, escapeRoff, italic, section, sentence, termList } from './roff.ts';

/** A page of the manual. */
export interface ManualPage {
  /** Name of its file, such as `outboard-ls.1`. */
  readonly file: string;
  readonly text: string;
}

/** Values that all pages have. */
export interface ManualFacts {
  /** Version of the program. */
  readonly version: string;
  /** Date of the release, such as `2026-01-31`. */
  readonly date: string;
}

/** Heading and sections of a page. */
export interface PageContent {
  /** Such as `outboard-ls`. */
  readonly name: string;
  /** Section of the manual: 1 for commands, 5 for files, 8 for daemons. */
  readonly number: 1 | 5 | 8;
  /** One line that says what it is. */
  readonly purpose: string;
  /** Sections made by `section()`, in the order of the page. */
  readonly sections: readonly string[];
}

/** Write a page. */
export function writePage({ name, number, purpose, sections }: PageContent, facts: ManualFacts): ManualPage {
  const heading = `.TH "${escapeRoff(name.toUpperCase())}" ${number} "${facts.date}" "Outboard ${escapeRoff(facts.version)}" "Outboard"\n`;
  const comment = '.\\" Made from the table of commands: node scripts/manual-pages.mjs\n';
  const about = `.SH NAME\n${escapeRoff(name)} \\- ${escapeRoff(purpose)}\n`;
  return { file: `${name}.${number}`, text: [comment, heading, about, ...sections].join('') };
}

/** The options that the help shows, with their help, as a list. */
export function optionList(options: readonly Option[]): string {
  return termList(
    options.filter(({ hidden }) => !hidden).map((option) => [optionTerm(option), optionHelp(option)]),
  );
}

function optionTerm({ short, long, flags }: Option): string {
  const value = /[<[].*$/.exec(flags)?.[0] ?? '';
  const names = [short, long].filter((name) => name !== undefined).map(bold);
  return `${names.join(', ')}${value === '' ? '' : ` ${placeholder(value)}`}`;
}

function optionHelp({ description, defaultValue, argChoices }: Option): string {
  const hasDefault = typeof defaultValue === 'string' || typeof defaultValue === 'number';
  const choices = argChoices === undefined ? '' : ` Choices: ${argChoices.join(', ')}.`;
  const text = `${sentence(description)}${choices}${hasDefault ? ` Default: ${defaultValue}.` : ''}`;
  return escapeRoff(text);
}

/** `<name...>` and `[name]` with the name in italic type. */
export function placeholder(text: string): string {
  const [, open = '', name = '', dots = '', close = ''] =
    /^([<[])(.*?)(\.\.\.)?([>\]])$/.exec(text.trim()) ?? [];
  if (name === '') return italic(text);
  const shown = `${italic(name)}${dots === '' ? '' : escapeRoff(' ...')}`;
  return open === '[' ? `[${shown}${close}` : shown;
}

/** References to other pages. @param pages such as `outboard(1)` */
export function seeAlso(pages: readonly string[]): string {
  const links = pages.map((page) =>
    page.replace(/^(.*)(\(\d\))$/, (_, name, number) => `${bold(name)}${number}`),
  );
  return section('SEE ALSO', [links.join(', ')]);
}
