/**
 * Kinds of settings: how a value is written in the configuration file and on the command line.
 */
import { InvalidArgumentError } from 'commander';
import * as z from 'zod';

/** One kind of setting. */
export interface SettingKind<Value> {
  /** Checks a value of the configuration file. */
  readonly schema: z.ZodType<Value>;
  /**
   * Parses the argument of the flag; absent for flags without an argument, and where the argument is the value.
   * @param before value of the same flag earlier on the command line
   * @throws {InvalidArgumentError} with the range
   */
  parseArgument?(text: string, before: Value | undefined): Value;
  /** Values that the command line accepts; absent for any. */
  readonly choices?: readonly string[] | undefined;
}

const modePattern = /^0?[0-7]{3}$/;
const modeRule = 'expected a mode in octal digits, such as 0660';

/** Any text. */
export const text: SettingKind<string> = { schema: z.string() };

/** Text of at least one character. */
export const nonEmptyText: SettingKind<string> = { schema: z.string().min(1) };

/** A path: absolute in the file, relative to the working directory on the command line. */
export const path: SettingKind<string> = {
  schema: z.string().refine((value) => value.startsWith('/') && !value.includes('\0'), {
    message: 'expected an absolute path',
  }),
};

/** A path as `path`, or '' for none. */
export const pathOrNone: SettingKind<string> = {
  schema: z.union([z.literal(''), path.schema], { message: 'expected an absolute path, or "" for none' }),
};

/** Permission bits in octal digits, such as `0660`. */
export const fileMode: SettingKind<string> = {
  schema: z.string().regex(modePattern, { message: modeRule }),
  parseArgument(value) {
    if (modePattern.test(value)) return value;
    throw new InvalidArgumentError(`${modeRule}.`);
  },
};

/** true or false; a flag without an argument. */
export const toggle: SettingKind<boolean> = { schema: z.boolean() };

/** A list; its flag is repeatable. @param schema of the list */
export function list(schema: z.ZodType<readonly string[]>): SettingKind<readonly string[]> {
  return { schema, parseArgument: (value, before) => [...(before ?? []), value] };
}

/** A number of seconds with an optional fraction, both bounds included. */
export function seconds(minimum: number, maximum: number): SettingKind<number> {
  return {
    schema: z.number().min(minimum).max(maximum),
    parseArgument(value) {
      const number = Number(value);
      if (/^\d+(\.\d+)?$/.test(value) && number >= minimum && number <= maximum) return number;
      throw new InvalidArgumentError(`it must be ${minimum} to ${maximum} seconds.`);
    },
  };
}

/** A whole number, both bounds included. */
export function count(minimum: number, maximum: number): SettingKind<number> {
  return {
    schema: z.number().int().min(minimum).max(maximum),
    parseArgument(value) {
      const number = Number(value);
      if (/^\d+$/.test(value) && number >= minimum && number <= maximum) return number;
      throw new InvalidArgumentError(`it must be a whole number from ${minimum} to ${maximum}.`);
    },
  };
}

const sizeRule = 'expected a size in bytes, such as 536870912, 512m or 10g';

/** A size in bytes: a number, or text with a binary unit such as `512m`, as Docker writes sizes. */
export const byteSize: SettingKind<number> = {
  schema: z.union([z.number().int().nonnegative(), z.string()]).transform((value, context) => {
    const bytes = typeof value === 'number' ? value : parseByteSize(value);
    if (bytes !== undefined) return bytes;
    context.addIssue({ code: 'custom', message: sizeRule });
    return z.NEVER;
  }),
  parseArgument(value) {
    const bytes = parseByteSize(value);
    if (bytes !== undefined) return bytes;
    throw new InvalidArgumentError(`${sizeRule}.`);
  },
};

/** @returns undefined for text that is no size */
function parseByteSize(value: string): number | undefined {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?) ?(?:([kmgt])i?b?|b)?$/i.exec(value) ?? [];
  if (digits === undefined) return undefined;
  const bytes = Math.floor(Number(digits) * 1024 ** ('kmgt'.indexOf(unit.toLowerCase() || ' ') + 1));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** One of a few words. */
export function oneOf<const Choice extends string>(choices: readonly Choice[]): SettingKind<Choice> {
  return { schema: z.enum(choices), choices };
}
