/**
 * Candidates for the scripts of shells, in the form of `outboard __complete` of the command line.
 */
import type { Option } from 'commander';
import { createDaemonCommand } from './parse-flags.ts';

/**
 * Print one line for each candidate, with its help after a tab, and then a line for the shell.
 * @param words after `daemon`; the last one is under the cursor, and may be empty
 * @returns the exit code
 */
export function completeFlags(words: readonly string[]): number {
  const [before = '', word = ''] = words.length > 1 ? words.slice(-2) : ['', words[0]];
  const { options } = createDaemonCommand();
  const open = options.find(({ long, short }) => before !== '' && [long, short].includes(before));
  process.stdout.write(
    open?.required === true ? valuesOf(open, word) : [...wordsAt(options, words), ':words\n'].join(''),
  );
  return 0;
}

function wordsAt(options: readonly Option[], words: readonly string[]): readonly string[] {
  const word = words.at(-1) ?? '';
  const first = words.length === 1 ? ['doctor\tcheck the host', 'reload\treload the configuration'] : [];
  const flags = options.map(({ long, description }) => `${long}\t${description}`);
  return (word.startsWith('-') ? flags : first)
    .filter((line) => line.startsWith(word))
    .map((line) => `${line}\n`);
}

function valuesOf({ argChoices, flags }: Option, word: string): string {
  if (argChoices !== undefined) {
    const found = argChoices.filter((choice) => choice.startsWith(word));
    return [...found, ':words', ''].join('\n');
  }
  if (flags.includes('<directory>')) return ':directories\n';
  return flags.includes('<file>') ? ':files\n' : ':words\n';
}
