/**
 * Words of a command line that stand for others: `help ls` for `ls --help`, and Docker's `plugin ls` for `ls`.
 */
import type { Command } from 'commander';
import { findArgument } from './end-of-options.ts';

/** Docker's group of the commands of plugins, which are at the top here. */
const dockerGroup = 'plugin';

/** True if the version is asked for before any command: after one, the flag would be the command's. */
export function asksForVersion(program: Command, argv: readonly string[]): boolean {
  const leading = argv.slice(0, findArgument(argv, 0, program.options));
  return leading.some((word) => word === '-v' || word === '--version');
}

/**
 * The words as commander takes them. The rest of a command line whose command is unknown is left out, so that the error is
 * about the command, also with `--help`.
 * @param argv words after the program's name
 */
export function resolveWords(program: Command, argv: readonly string[]): readonly string[] {
  const at = findArgument(argv, 0, program.options);
  const [leading, words] = [argv.slice(0, at), withoutGroup(argv.slice(at))];
  if (words[0] === 'help') return [...leading, ...helpWords(program, withoutGroup(words.slice(1)))];
  const { found, command, rest } = followWords(program, words);
  if (command.commands.length === 0) return [...leading, ...words];
  const [next] = rest;
  if (next === undefined) return [...leading, ...found, ...(command === program ? [] : ['--help'])];
  return [...leading, ...found, ...(next.startsWith('-') ? rest : [next])];
}

/** Words that print the help of the named command, or the error about its name; they never run a command. */
function helpWords(program: Command, words: readonly string[]): readonly string[] {
  const { found, command, rest } = followWords(program, words);
  const isUnknown = command.commands.length > 0 && rest.length > 0;
  return [...found, ...(isUnknown ? rest.slice(0, 1) : ['--help'])];
}

function withoutGroup(words: readonly string[]): readonly string[] {
  const [first, second] = words;
  const names = first === dockerGroup && second !== undefined && !second.startsWith('-');
  return names ? words.slice(1) : words;
}

/** The command that the words name, as far as they are known. */
function followWords(program: Command, words: readonly string[]) {
  const found: string[] = [];
  let command = program;
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (next === undefined) break;
    found.push(word);
    command = next;
  }
  return { found, command, rest: words.slice(found.length) };
}
