/**
 * Changes one member of a JSON text, and leaves every other byte as it is: unknown fields, large numbers, the order of
 * keys and the indentation belong to other programs.
 * @see RFC 8259
 */

interface Member {
  readonly key: string;
  /** Index of the opening quote of the key. */
  readonly start: number;
  readonly valueStart: number;
  /** Index after the value. */
  readonly end: number;
}

interface ObjectText {
  /** Index after the opening brace. */
  readonly inside: number;
  readonly members: readonly Member[];
  /** Index of the closing brace. */
  readonly closing: number;
}

/** Docker's indentation. */
const usualIndentation = '\t';

/**
 * Set a member, and make the objects that lead to it.
 * @param text a valid JSON object
 * @param path keys from the outermost object on; a value on the way that is no object is replaced
 */
export function setJsonMember(text: string, path: readonly string[], value: unknown): string {
  return change(text, text.search(/\{/), path, { value, depth: 0, style: styleOf(text) });
}

/** Remove a member; a text without it is returned as it is. @param text a valid JSON object */
export function removeJsonMember(text: string, path: readonly string[]): string {
  let at = text.search(/\{/);
  for (const key of path.slice(0, -1)) {
    const member = memberOf(readObject(text, at), key);
    if (member === undefined || text[member.valueStart] !== '{') return text;
    at = member.valueStart;
  }
  const object = readObject(text, at);
  const index = object.members.findLastIndex(({ key }) => key === path.at(-1));
  const member = object.members[index];
  if (member === undefined) return text;
  const before = object.members[index - 1];
  const after = object.members[index + 1];
  const from = before?.end ?? (after === undefined ? object.inside : member.start);
  const to = before !== undefined ? member.end : (after?.start ?? object.closing);
  return removeJsonMember(text.slice(0, from) + text.slice(to), path);
}

interface Change {
  readonly value: unknown;
  /** Number of objects around this one. */
  readonly depth: number;
  /** Indentation of one level; undefined for a text on one line. */
  readonly style: string | undefined;
}

function change(text: string, at: number, [key = '', ...rest]: readonly string[], made: Change): string {
  const object = readObject(text, at);
  const member = memberOf(object, key);
  if (member !== undefined && rest.length > 0 && text[member.valueStart] === '{') {
    return change(text, member.valueStart, rest, { ...made, depth: made.depth + 1 });
  }
  const nested = rest.reduceRight<unknown>((inner, name) => ({ [name]: inner }), made.value);
  const value = format(nested, made);
  if (member !== undefined) return text.slice(0, member.valueStart) + value + text.slice(member.end);
  return insert(text, object, `${JSON.stringify(key)}:${made.style === undefined ? '' : ' '}${value}`, made);
}

function insert(text: string, object: ObjectText, member: string, { depth, style }: Change): string {
  const last = object.members.at(-1);
  if (last === undefined) {
    const [before, after] =
      style === undefined ? ['', ''] : [newLine(style, depth + 1), newLine(style, depth)];
    return text.slice(0, object.inside) + before + member + after + text.slice(object.closing);
  }
  const previous = object.members.at(-2);
  // The white space before the last key, after the comma of the member before it.
  const gap = text
    .slice(previous === undefined ? object.inside : previous.end, last.start)
    .replace(/^\s*,/, '');
  return `${text.slice(0, last.end)},${gap}${member}${text.slice(last.end)}`;
}

function format(value: unknown, { depth, style }: Change): string {
  const text = JSON.stringify(value, undefined, style);
  return style === undefined ? text : text.replaceAll('\n', newLine(style, depth + 1));
}

function newLine(style: string, depth: number): string {
  return `\n${style.repeat(depth)}`;
}

/** The indentation of the first line in the outermost object. */
function styleOf(text: string): string | undefined {
  const found = /\{\s*?\n([ \t]+)"/.exec(text)?.[1];
  if (found !== undefined) return found;
  return /^\s*\{\s*\}\s*$/.test(text) || text.trim().includes('\n') ? usualIndentation : undefined;
}

/** The last one of equal keys counts, as for parsers. */
function memberOf({ members }: ObjectText, key: string): Member | undefined {
  return members.findLast((member) => member.key === key);
}

const stringToken = /"(?:[^"\\]|\\.)*"/y;
const otherToken = /[^\s,\]}]+/y;
const separators = /[\s,:]*/y;

function readObject(text: string, at: number): ObjectText {
  const members: Member[] = [];
  let index = skip(text, at + 1, separators);
  while (index < text.length && text[index] !== '}') {
    const start = index;
    const keyEnd = skip(text, start, stringToken);
    const valueStart = skip(text, keyEnd, separators);
    const end = endOfValue(text, valueStart);
    const key: unknown = JSON.parse(text.slice(start, keyEnd));
    members.push({ key: String(key), start, valueStart, end });
    index = skip(text, end, separators);
  }
  return { inside: at + 1, members, closing: index };
}

/** The text is valid, so that brackets match. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  let index = start;
  do {
    const character = text[index];
    if (character === '{' || character === '[') {
      depth += 1;
      index += 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
      index += 1;
    } else index = skip(text, index, character === '"' ? stringToken : otherToken);
    if (depth > 0) index = skip(text, index, separators);
  } while (depth > 0 && index < text.length);
  return index;
}

function skip(text: string, at: number, pattern: RegExp): number {
  pattern.lastIndex = at;
  const [found = ''] = pattern.exec(text) ?? [];
  return at + found.length;
}
