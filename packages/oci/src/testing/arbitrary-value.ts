/**
 * Values for property tests, derived from the table of a document.
 */
import fc from 'fast-check';
import type { Codec } from '../documents/codec.ts';

/** Values that a codec can write: every optional field with and without, every null, lists of 0 to 3 items. */
export function arbitraryValue<Value>(codec: Codec<Value>): fc.Arbitrary<Value> {
  return arbitraryOf(codec) as fc.Arbitrary<Value>; // each made by the codec's own decoders
}

function arbitraryOf({ shape, decode }: Codec<unknown>): fc.Arbitrary<unknown> {
  if (shape.kind === 'plain') {
    const samples = fc.constantFrom(...shape.samples);
    if (!keepsText(decode, 'any text')) return samples.map(decode);
    const texts = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => keepsText(decode, text));
    return fc.oneof(samples, texts).map(decode);
  }
  if (shape.kind === 'list') {
    const items = fc.array(arbitraryOf(shape.item), { maxLength: 3 });
    return shape.absent === 'null' ? fc.option(items) : items;
  }
  const properties = Object.entries(shape.fields).flatMap(([property, row]) => {
    if (row.isPassedOver) return [];
    const value = arbitraryOf(row.codec);
    return [[property, row.isOptional ? fc.option(value, { nil: undefined }) : value] as const];
  });
  return fc.record(Object.fromEntries(properties)).map(withoutUndefined);
}

function keepsText(decode: (document: unknown) => unknown, text: string): boolean {
  try {
    return decode(text) === text;
  } catch {
    return false; // a mismatch
  }
}

function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined));
}
