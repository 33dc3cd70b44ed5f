/**
 * The flags of a plugin's options, with Docker's names for `docker run` where it has one, and the request body that they
 * make.
 */
import { type Command, Option } from 'commander';
import { readOptionFlag } from './option-arguments.ts';
import type { OptionFlag, OptionFlags } from './option-flag.ts';
import { optionTable } from './option-table.ts';

/** Flag of its own meaning in `enable`, where it holds for one start. */
const perStart = 'CreateMounts';

/** Add the flags of all options but `--create-mounts`. */
export function addOptionFlags(command: Command): Command {
  return addFlags(
    command,
    optionTable.filter(({ fields: [field] }) => field !== perStart),
  );
}

/** Add `--create-mounts` and its opposite: for commands whose options outlive one start. */
function addCreateMountsFlags(command: Command): Command {
  return addFlags(
    command,
    optionTable.filter(({ fields: [field] }) => field === perStart),
  );
}

/** Add all of them. */
export function addAllOptionFlags(command: Command): Command {
  return addCreateMountsFlags(addOptionFlags(command));
}

function addFlags(command: Command, rows: readonly OptionFlag[]): Command {
  for (const { flag, argument, help, opposite } of rows) {
    const isRepeatable = argument === 'open files' || argument === 'security option';
    const option = new Option(flag, help);
    command.addOption(isRepeatable ? option.argParser(collect) : option);
    if (opposite !== undefined) command.option(opposite.flag, opposite.help);
  }
  return command;
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

/**
 * The given flags as the body of a request; undefined when none is given. Null resets a field.
 * @throws {CommandError} for a wrong value, with the error text of Docker's client
 */
export function toOptionsBody(flags: OptionFlags): object | undefined {
  const body = new Map<string, unknown>();
  for (const row of optionTable) {
    for (const [field, value] of readOptionFlag(row, flags)) setField(body, field, value);
  }
  return body.size === 0 ? undefined : toObject(body);
}

/** @param field with its group, such as `Limits.MemoryBytes`, or a whole group */
function setField(body: Map<string, unknown>, field: string, value: unknown): void {
  const [name = '', inner] = field.split('.');
  if (inner === undefined) {
    body.set(name, value);
    return;
  }
  const group = body.get(name);
  const fields = group instanceof Map ? group : new Map<string, unknown>();
  body.set(name, fields.set(inner, value));
}

function toObject(fields: ReadonlyMap<string, unknown>): object {
  return Object.fromEntries(
    [...fields].map(([name, value]) => [name, value instanceof Map ? toObject(value) : value]),
  );
}
