/**
 * Finds names that occur twice in one object of a JSON text, which JSON.parse() hides.
 */
import { foldName } from '../wire/letter-case.ts';

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/**
 * The first name that an object has twice, in any letter case; undefined if there is none.
 *
 * @param text JSON that JSON.parse() accepts
 */
export function findRepeatedName(text: string): string | undefined {
  // One set for each open object, undefined for an array.
  const open: (Set<string> | undefined)[] = [];
  let last = '';
  for (const [token] of text.matchAll(tokens)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      // In valid JSON a name stands before a colon.
      const name: string = JSON.parse(last);
      const names = open.at(-1);
      const folded = foldName(name);
      if (names?.has(folded)) return name;
      names?.add(folded);
    }
    last = token;
  }
  return undefined;
}
