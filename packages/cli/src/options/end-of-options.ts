/**
 * The options of `outboard exec` end with the plugin's name. The words after it are the command's, and may look like
 * options.
 */
import type { Command, Option } from 'commander';

/**
 * Insert `--` after the plugin's name, which ends options for commander.
 * @param command the command whose options end with its first argument
 * @param argv words after the program's name
 * @returns `argv` itself for every other command
 */
export function endOptionsAfterName(
  program: Command,
  command: Command,
  argv: readonly string[],
): readonly string[] {
  const at = findArgument(argv, 0, program.options);
  if (argv[at] !== command.name()) return argv;
  // Options of the program are allowed here as well.
  const name = findArgument(argv, at + 1, [...program.options, ...command.options]);
  if (name >= argv.length || argv[name] === '--') return argv;
  return [...argv.slice(0, name + 1), '--', ...argv.slice(name + 1)];
}

/** Index of the first word from `from` on that is neither an option nor the value of one. */
export function findArgument(argv: readonly string[], from: number, options: readonly Option[]): number {
  let at = from;
  while (at < argv.length) {
    const word = argv[at] ?? '';
    if (word === '--' || word === '-' || !word.startsWith('-')) return at;
    at += takesNextWord(word, options) ? 2 : 1;
  }
  return at;
}

function takesNextWord(word: string, options: readonly Option[]): boolean {
  if (word.startsWith('--')) return options.some(({ long, required }) => required && word === long);
  // Letters may be joined; the first with a value takes the rest of the word, or else the next word.
  for (const [index, letter] of [...word.slice(1)].entries()) {
    const option = options.find(({ short }) => short === `-${letter}`);
    if (option?.required === true) return index === word.length - 2;
  }
  return false;
}
