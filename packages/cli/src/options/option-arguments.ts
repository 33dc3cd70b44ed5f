/**
 * Reads the arguments of option flags, with the error texts of Docker's client.
 */
import { Option } from 'commander';
import { CommandError } from '../command-error.ts';
import type { FlagArgument, OptionFlag, OptionFlags } from './option-flag.ts';
import { optionTable } from './option-table.ts';
import { parseDecimal, parseDuration, parseSize, parseWhole } from './parse-units.ts';

/** Argument that resets an option to the author's value, or else to the default of the daemon. */
const reset = 'default';

/** Fields of the request's body, such as `Limits.MemoryBytes`, or whole groups, and their values. Null resets one. */
type FieldValues = readonly (readonly [field: string, value: unknown])[];

/** @throws {CommandError} for a wrong argument, or for flags that contradict each other */
type ReadFlag = (row: OptionFlag, value: unknown, flags: OptionFlags) => FieldValues;

const readers: Readonly<Record<FlagArgument, ReadFlag>> = {
  decimal: readOne(parseDecimal, 'failed to parse as a rational number'),
  duration: readOne(parseDuration, 'time: invalid duration'),
  'health check': readHealthCheck,
  'open files': readOpenFiles,
  'process count': readOne(parseProcesses, 'invalid syntax'),
  'restart policy': readRestartPolicy,
  'security option': readSecurityOptions,
  size: readOne(parseSize, 'invalid size'),
  switch: ({ fields: [field] }, value) => [[field, value]],
  text: readOne((text) => text, ''),
  'whole number': readOne(parseWhole, 'invalid syntax'),
};

/**
 * The fields that a flag sets; none when it was not given.
 * @throws {CommandError} for a wrong argument, or for flags that contradict each other
 */
export function readOptionFlag(row: OptionFlag, flags: OptionFlags): FieldValues {
  const value = flags[attributeOf(row.flag)];
  const isOppositeGiven = row.argument !== 'switch' && oppositeIsGiven(row, flags);
  return value === undefined && !isOppositeGiven ? [] : readers[row.argument](row, value, flags);
}

/** The name under which commander keeps a flag's value. */
function attributeOf(flag: string): string {
  return new Option(flag).attributeName();
}

/** Commander keeps false for a flag that begins with `--no-`. */
function oppositeIsGiven({ opposite }: OptionFlag, flags: OptionFlags): boolean {
  return opposite !== undefined && flags[attributeOf(opposite.flag)] === false;
}

/** A reader of flags with one field. @param parse returns undefined for a wrong text */
function readOne(parse: (text: string) => unknown, reason: string): ReadFlag {
  return (row, value) => [[row.fields[0], parseArgument(row, String(value), parse, reason)]];
}

function parseArgument(
  { flag }: OptionFlag,
  text: string,
  parse: (text: string) => unknown,
  reason: string,
): unknown {
  if (text === reset) return null;
  const value = parse(text);
  if (value === undefined) throw invalidFlag(flag, text, `${reason}: '${text}'`);
  return value;
}

/** Docker's client takes -1 for no limit as well. */
function parseProcesses(text: string): number | undefined {
  const number = parseWhole(text);
  return number === -1 ? 0 : number;
}

function readRestartPolicy({ flag, fields }: OptionFlag, value: unknown): FieldValues {
  const text = String(value);
  if (text === reset) return [[groupOf(fields[0]), null]];
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  const maximumRetries = colon < 0 ? null : parseWhole(text.slice(colon + 1));
  if (maximumRetries === undefined) {
    const reason = 'invalid restart policy format: maximum retry count must be an integer';
    throw invalidFlag(flag, text, reason);
  }
  // A disabled plugin stays disabled when the daemon starts, whatever its policy: the two policies mean the same.
  return [
    ['Restart.Name', name === 'unless-stopped' ? 'always' : name],
    ['Restart.MaximumRetries', maximumRetries],
  ];
}

function readHealthCheck(row: OptionFlag, value: unknown, flags: OptionFlags): FieldValues {
  const group = groupOf(row.fields[0]);
  const others = optionTable.filter((other) => other !== row && groupOf(other.fields[0]) === group);
  const hasOthers = others.some(({ flag }) => flags[attributeOf(flag)] !== undefined);
  if (oppositeIsGiven(row, flags)) {
    if (hasOthers || value !== undefined) throw conflict('--no-healthcheck', '--health-* options');
    return [[row.fields[0], 'none']];
  }
  if (value !== reset) return [[row.fields[0], value]];
  if (hasOthers) throw conflict(`--health-check ${reset}`, 'other --health-* options');
  return [[group, null]];
}

/** The texts are read by the daemon, as those of `docker run` are. */
function readSecurityOptions({ fields: [field] }: OptionFlag, value: unknown): FieldValues {
  const texts = textsOf(value);
  if (!texts.includes(reset)) return [['SecurityOpt', texts]];
  if (texts.some((text) => text !== reset)) {
    throw conflict(`--security-opt ${reset}`, 'other --security-opt options');
  }
  // The rows that follow set their own field again.
  const rows = optionTable.filter(({ fields: [other] }) => groupOf(other) === groupOf(field));
  return rows.flatMap(({ fields }) => fields.map((name) => [name, null] as const));
}

/** The last one counts, as in Docker's client. */
function readOpenFiles(row: OptionFlag, value: unknown): FieldValues {
  const limits = textsOf(value).map((text) => {
    const [name, number = '', ...others] = text.split(/[=:]/);
    if (name !== 'nofile') throw invalidFlag('--ulimit', text, 'invalid ulimit type: want nofile');
    if (others.some((other) => other !== number)) {
      throw invalidFlag('--ulimit', text, 'want one number, for the soft and the hard limit');
    }
    return parseArgument({ ...row, flag: '--ulimit' }, number, parseWhole, 'invalid ulimit argument');
  });
  return limits.slice(-1).map((limit) => [row.fields[0], limit]);
}

/** The value of a repeatable flag. */
function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function groupOf(field: string): string {
  return field.replace(/\..*/, '');
}

/** Docker's client exits with 125 for a wrong flag. */
function invalidFlag(flag: string, text: string, reason: string): CommandError {
  const shown = flag.replace(/ <.*/, '');
  return new CommandError(`invalid argument "${text}" for "${shown}" flag: ${reason}`, { exitCode: 125 });
}

/** Docker's client exits with 125 for a wrong flag. */
function conflict(flag: string, others: string): CommandError {
  return new CommandError(`${flag} conflicts with ${others}`, { exitCode: 125 });
}
