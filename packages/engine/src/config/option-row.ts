/**
 * Rows of the table of options: a field of the documents, and what the command line and the documentation say about it.
 */
import { type Codec, codec, type Field } from '@outboard/oci';

/** Forms of a flag's argument, each of which the command line reads in its own way. */
export type FlagArgument =
  | 'decimal'
  | 'duration'
  | 'health check'
  | 'open files'
  | 'process count'
  | 'restart policy'
  | 'security option'
  | 'size'
  | 'switch'
  | 'text'
  | 'whole number';

/** A flag of `install`, `create`, `enable` and `update`. */
export interface OptionFlag {
  /** As commander writes it, such as `-m, --memory <bytes>`. */
  readonly flag: string;
  readonly argument: FlagArgument;
  /** Flag with the opposite meaning, and its help. */
  readonly opposite?: { readonly flag: string; readonly help: string } | undefined;
}

/** Values that a plugin's author may ask for. Others are left out with a warning; `none` and `only true` are refused. */
export type AuthorRule =
  | 'any'
  | 'none'
  | 'only true'
  | { readonly most: number }
  | { readonly least: number };

/** Properties of an option beside its field. */
export interface OptionDescription<Value> {
  /** Value in force where nobody decided; absent where there is none. */
  readonly default?: Value | undefined;
  /** The default in words, where the value itself does not tell. */
  readonly defaultText?: string | undefined;
  /** The least and the greatest whole number, both included. Values with other rules are in `validatePluginOptions`. */
  readonly range?: readonly [least: number, greatest: number] | undefined;
  readonly author: AuthorRule;
  /** True for values that weaken the isolation of a plugin: an upgrade to another repository does not keep them. */
  readonly weakens?: ((value: Value) => boolean) | undefined;
  /** True when a container keeps the value that it was started with. */
  readonly isFixedAtStart: boolean;
  /** Present unless the flag of another row sets the option as well. */
  readonly flag?: OptionFlag | undefined;
  /** Name of the flag of another row that sets this option, such as `--restart`. */
  readonly setBy?: string | undefined;
  /** Text of `--help` and of docs/limits.md. */
  readonly help: string;
  /** Markdown that follows the help in docs/limits.md. */
  readonly notes?: string | undefined;
}

/** One row: a field with its description. */
export interface OptionRow<Value, Optional extends boolean = boolean> extends Field<Value, Optional> {
  readonly description: OptionDescription<Value>;
}

/** An option that may be absent. */
export function option<Value, const Row extends OptionDescription<Value>>(
  name: string,
  of: Codec<Value>,
  description: Row & OptionDescription<NoInfer<Value>>,
): OptionRow<Value, true> & { readonly description: Row } {
  return { ...codec.optionalField(name, of), description };
}

/** A field that its group cannot be without. */
export function requiredOption<Value, const Row extends OptionDescription<Value>>(
  name: string,
  of: Codec<Value>,
  description: Row & OptionDescription<NoInfer<Value>>,
): OptionRow<Value, false> & { readonly description: Row } {
  return { ...codec.field(name, of), description };
}

/** A row with its place in the documents. */
export interface PlacedOption {
  /** Path in memory, such as `limits.memoryBytes`, which error texts name. */
  readonly key: string;
  /** Path in documents, such as `Limits.MemoryBytes`. */
  readonly field: string;
  readonly description: OptionDescription<unknown>;
  /** Read the option out of an object of the table's type; undefined when it is not set. */
  read(options: unknown): unknown;
}

/** The rows of a table with groups, in its order. */
export function placeOptions(table: Codec<unknown>): readonly PlacedOption[] {
  if (table.shape.kind !== 'object') return [];
  return Object.entries(table.shape.fields).flatMap(([property, row]): readonly PlacedOption[] => {
    const read = (options: unknown): unknown => propertyOf(options, property);
    if (isOption(row)) return [{ key: property, field: row.name, description: row.description, read }];
    return placeOptions(row.codec).map((inner) => ({
      ...inner,
      key: `${property}.${inner.key}`,
      field: `${row.name}.${inner.field}`,
      read: (options) => inner.read(read(options)),
    }));
  });
}

/**
 * Leave out options, and the groups that are empty then.
 * @param keys paths in memory
 * @param path of `options` in the whole, with a dot at its end
 */
export function withoutOptions(options: object, keys: ReadonlySet<string>, path = ''): object {
  const entries = Object.entries(options).flatMap(([property, value]): [string, unknown][] => {
    const key = `${path}${property}`;
    if (keys.has(key)) return [];
    if (typeof value !== 'object' || value === null) return [[property, value]];
    const group = withoutOptions(value, keys, `${key}.`);
    return Object.keys(group).length === 0 ? [] : [[property, group]];
  });
  return Object.fromEntries(entries);
}

function isOption(row: Field<unknown>): row is OptionRow<unknown> {
  return 'description' in row;
}

function propertyOf(value: unknown, property: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, property) : undefined;
}
