/**
 * Shapes of JSON values: the form of a document that is not known byte for byte.
 */

const kind = Symbol('kind');

/** Something other than an exact value. */
interface Rule {
  readonly [kind]: 'optional' | 'atLeast' | 'containing' | 'oneOf' | 'count';
  readonly shapes: readonly Shape[];
}

/**
 * A value that must be equal; a regular expression that text must match; or a rule. Objects have exactly the keys that
 * are given, in any order. Text and expressions may hold `{placeholders}`.
 */
export type Shape =
  | string
  | number
  | boolean
  | null
  | RegExp
  | Rule
  | readonly Shape[]
  | { readonly [key: string]: Shape };

/** A key that may be absent. */
export const optional = (shape: Shape): Rule => ({ [kind]: 'optional', shapes: [shape] });
/** An object that may have other keys. */
export const atLeast = (shape: { readonly [key: string]: Shape }): Rule => ({
  [kind]: 'atLeast',
  shapes: [shape],
});
/** An array with one such element. */
export const containing = (shape: Shape): Rule => ({ [kind]: 'containing', shapes: [shape] });
/** Any one of several. */
export const oneOf = (...shapes: readonly Shape[]): Rule => ({ [kind]: 'oneOf', shapes });
/** A whole number above 0. */
export const count: Rule = { [kind]: 'count', shapes: [] };

/** Replaces `{placeholders}` by values. */
export type Fill = (template: string) => string;

/** Differences between a value and a shape, as sentences that begin with the place; empty if there are none. */
export function compareShape(value: unknown, shape: Shape, fill: Fill, at = 'body'): readonly string[] {
  if (shape instanceof RegExp) return compareText(value, shape, fill, at);
  if (Array.isArray(shape)) return compareArray(value, shape, fill, at);
  if (isRule(shape)) return compareRule(value, shape, fill, at);
  // Arrays and rules were handled above.
  if (typeof shape === 'object' && shape !== null) {
    return compareObject(value, shape as { readonly [key: string]: Shape }, fill, at);
  }
  const wanted = typeof shape === 'string' ? fill(shape) : shape;
  return Object.is(value, wanted) ? [] : [`${at}: want ${show(wanted)}, got ${show(value)}`];
}

function compareText(value: unknown, pattern: RegExp, fill: Fill, at: string): readonly string[] {
  const filled = fillPattern(pattern, fill);
  if (typeof value === 'string' && filled.test(value)) return [];
  return [`${at}: want text like ${filled}, got ${show(value)}`];
}

function compareArray(value: unknown, shape: readonly Shape[], fill: Fill, at: string): readonly string[] {
  if (!Array.isArray(value)) return [`${at}: want an array, got ${show(value)}`];
  if (value.length !== shape.length) return [`${at}: want ${shape.length} elements, got ${show(value)}`];
  return shape.flatMap((element, index) => compareShape(value[index], element, fill, `${at}[${index}]`));
}

function compareObject(
  value: unknown,
  shape: { readonly [key: string]: Shape },
  fill: Fill,
  at: string,
): readonly string[] {
  const unwanted = isPlainObject(value)
    ? Object.entries(value).filter(([key]) => !Object.hasOwn(shape, key))
    : [];
  return [
    ...unwanted.map(([key, found]) => `${at}: unwanted key ${show(key)} with ${show(found)}`),
    ...compareMembers(value, shape, fill, at),
  ];
}

/** Compare the members that the shape names; the value may have others. */
function compareMembers(
  value: unknown,
  shape: { readonly [key: string]: Shape },
  fill: Fill,
  at: string,
): readonly string[] {
  if (!isPlainObject(value)) return [`${at}: want an object, got ${show(value)}`];
  const missing = Object.entries(shape)
    .filter(([key, wanted]) => !Object.hasOwn(value, key) && !isOptional(wanted))
    .map(([key]) => key);
  return [
    ...missing.map((key) => `${at}: missing key ${show(key)}`),
    ...Object.entries(shape)
      .filter(([key]) => Object.hasOwn(value, key))
      .flatMap(([key, wanted]) => compareShape(value[key], wanted, fill, `${at}.${key}`)),
  ];
}

function compareRule(value: unknown, rule: Rule, fill: Fill, at: string): readonly string[] {
  const [shape = null] = rule.shapes;
  switch (rule[kind]) {
    case 'count':
      return Number.isSafeInteger(value) && Number(value) > 0
        ? []
        : [`${at}: want a whole number above 0, got ${show(value)}`];
    case 'optional':
      return compareShape(value, shape, fill, at);
    case 'atLeast':
      // This rule is made for objects only.
      return compareMembers(value, shape as { readonly [key: string]: Shape }, fill, at);
    case 'containing': {
      const found =
        Array.isArray(value) && value.some((item) => compareShape(item, shape, fill).length === 0);
      return found ? [] : [`${at}: want an array with an element that is not there, got ${show(value)}`];
    }
    case 'oneOf': {
      const attempts = rule.shapes.map((candidate) => compareShape(value, candidate, fill, at));
      return attempts.some((mismatches) => mismatches.length === 0)
        ? []
        : [`${at}: none of ${attempts.length} fits: ${attempts.map(([first]) => first).join('; ')}`];
    }
  }
}

/** A regular expression with its placeholders filled by literal text. */
export function fillPattern(pattern: RegExp, fill: Fill): RegExp {
  const source = pattern.source.replace(/\{[a-z][A-Za-z]*\}/g, (placeholder) =>
    fill(placeholder).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'),
  );
  return new RegExp(source, pattern.flags);
}

function isRule(shape: Shape): shape is Rule {
  return typeof shape === 'object' && shape !== null && kind in shape;
}

function isOptional(shape: Shape): boolean {
  return isRule(shape) && shape[kind] === 'optional';
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value, short enough for a line. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
