/**
 * The types of objects, inferred from the rows of their tables.
 */
import type { Field } from './codec.ts';

/** Rows of an object, by the property that they have in memory. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

type OptionalKeys<Table extends Fields> = {
  [Key in keyof Table]: Table[Key] extends Field<unknown, true> ? Key : never;
}[keyof Table];

type FieldValue<Row> = Row extends Field<infer Value> ? Value : never;

type Flat<T> = { [Key in keyof T]: T[Key] };

/** The type of an object with these rows. */
export type PropertiesOf<Table extends Fields> = Flat<
  {
    readonly [Key in keyof Table as Key extends OptionalKeys<Table> ? never : Key]: FieldValue<Table[Key]>;
  } & {
    readonly [Key in OptionalKeys<Table> as [Present<Table[Key]>] extends [never] ? never : Key]?: Present<
      Table[Key]
    >;
  }
>;

type Present<Row> = Exclude<FieldValue<Row>, undefined>;

/** The type of an object in calls, whose optional properties may be undefined. */
export type Given<T> = Flat<
  { readonly [Key in keyof T as object extends Pick<T, Key> ? never : Key]: T[Key] } & {
    readonly [Key in keyof T as object extends Pick<T, Key> ? Key : never]?: T[Key] | undefined;
  }
>;
