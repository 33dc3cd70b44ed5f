/**
 * Candidates for the word under the cursor.
 */
import type { Command, Option } from 'commander';
import { type Candidate, type CandidateSource, type Candidates, plainWords } from './candidate.ts';
import { argumentCandidates, valueCandidates } from './value-kinds.ts';

/**
 * Find all candidates that begin as the typed word does.
 * @param program the whole command line
 * @throws {CommandError} if the daemon is needed and does not answer
 */
export async function completeWords(program: Command, source: CandidateSource): Promise<Candidates> {
  const found = await candidatesAt(program, source);
  if (typeof found === 'string') return found;
  const { typed } = source.place;
  return { ...found, words: found.words.filter(({ word }) => word.startsWith(typed)) };
}

async function candidatesAt(program: Command, source: CandidateSource): Promise<Candidates> {
  const { command, position } = source.place;
  switch (position.kind) {
    case 'command':
      return { words: commandsOf(command) };
    case 'option':
      return { words: optionsOf(command, program) };
    case 'value':
      return await valueCandidates(source);
    case 'argument':
      return await argumentCandidates(argumentName(command, position.index), source);
    default:
      return plainWords([]);
  }
}

function commandsOf(command: Command): readonly Candidate[] {
  const visible = command.createHelp().visibleCommands(command);
  return visible.map((each) => ({ word: each.name(), help: each.description() }));
}

/** Options of the command, with those of the program, which every command takes. */
function optionsOf(command: Command, program: Command): readonly Candidate[] {
  const own = command.createHelp().visibleOptions(command);
  const common = command === program ? [] : program.options;
  return [...own, ...common].map((option) => ({ word: longestName(option), help: option.description }));
}

function longestName({ long, short }: Option): string {
  return long ?? short ?? '';
}

/** Name of the argument at an index; the last one may take all further words. */
function argumentName({ registeredArguments: names }: Command, index: number): string {
  const last = names.at(-1);
  const argument = names[index] ?? (last?.variadic === true ? last : undefined);
  return argument?.name() ?? '';
}
