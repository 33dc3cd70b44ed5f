/**
 * Field names as Go's JSON decoder compares them: without regard to case, the Kelvin sign and the
 * long s included. Other engines read documents in this way: names that are one field to them
 * are one field here.
 */
import { OutboardError } from '../errors/outboard-error.ts';

/**
 * A field name with case folded: two names with the same fold are the same field to a Go decoder. Each character is
 * folded for itself, by Unicode's simple case folding: `\ufb01` is no `fi`, and the dotless i is no i.
 * @see Go encoding/json, fold.go (`foldName`); Unicode CaseFolding.txt, status C and S
 */
export function foldFieldName(name: string): string {
  if (asciiOnly.test(name)) return name.toLowerCase();
  return Array.from(name, foldCharacter).join('');
}

const asciiOnly = /^\p{ASCII}*$/u;

function foldCharacter(character: string): string {
  // Upper case first: it takes U+017F to S, lower case takes U+212A to k.
  const upper = character.toUpperCase();
  const folded = isOneCharacter(upper) ? upper.toLowerCase() : character.toLowerCase();
  // Simple folding has no pair for the Turkish letters.
  const isTurkish = character === '\u0131' || character === '\u0130';
  return isTurkish || !isOneCharacter(folded) ? character : folded;
}

function isOneCharacter(text: string): boolean {
  return text.length === 1 || (text.length === 2 && (text.codePointAt(0) ?? 0) > 0xffff);
}

/** Spelling of each field, by its folded name. */
export type FieldSpellings = ReadonlyMap<string, string>;

/** The spellings of some fields, for `withFieldNames`. */
export function spellingsOf(names: readonly string[]): FieldSpellings {
  return new Map(names.map((name) => [foldFieldName(name), name]));
}

/**
 * Give an object's fields the given spellings, whatever case they were written in; other fields
 * are left out. Anything but an object is returned as it is, for the schema that follows to refuse.
 * @returns a prototype-free object
 * @throws {OutboardError} invalid when two fields have the same name but for case, or only Go reads a name as one of
 *   them, because of letters that look alike
 */
export function withFieldNames(value: unknown, spellings: FieldSpellings): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const renamed: Record<string, unknown> = Object.create(null);
  for (const [written, field] of Object.entries(value)) {
    const name = spellings.get(foldFieldName(written));
    if (name === undefined) continue;
    // Other decoders leave such a field out: the document would mean one thing here and another there.
    if (!asciiOnly.test(written)) {
      throw new OutboardError(
        'invalid',
        `ambiguous field ${toAscii(written)}: some decoders read it as "${name}"; want ${JSON.stringify(name)}`,
      );
    }
    if (name in renamed) {
      throw new OutboardError(
        'invalid',
        `ambiguous field ${JSON.stringify(name)}: it is written twice in different case`,
      );
    }
    renamed[name] = field;
  }
  return renamed;
}

function toAscii(text: string): string {
  const ascii = text.replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${ascii}"`;
}
