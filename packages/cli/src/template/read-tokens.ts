/**
 * Splits a template into texts and the tokens of its actions.
 */
import { CommandError } from '../command-error.ts';
import { numberPattern } from './read-literal.ts';

/** Text, or an action between `{{` and `}}`. */
export type TemplateSegment =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly words: readonly string[] };

/** A token: a text, a raw text, a character, a number, a variable with fields, a name or a sign. */
const word = new RegExp(
  `"(?:[^"\\\\\\n]|\\\\.)*"|\`[^\`]*\`|'(?:[^'\\\\\\n]|\\\\.)+'|${numberPattern}|` +
    '(?:\\$\\w*)?(?:\\.[A-Za-z_]\\w*)+|\\$\\w*|[A-Za-z_]\\w*|:=|[.|(),=]',
  'y',
);

/** Split a template. @throws {CommandError} for an action without an end, or an unknown character */
export function readSegments(template: string): readonly TemplateSegment[] {
  const segments: TemplateSegment[] = [];
  let at = 0;
  let trimsStart = false;
  for (;;) {
    const open = template.indexOf('{{', at);
    const trimsEnd = open >= 0 && /^-\s/.test(template.slice(open + 2, open + 4));
    segments.push(textSegment(template.slice(at, open < 0 ? undefined : open), trimsStart, trimsEnd));
    if (open < 0) return segments;
    const action = readAction(template, open + (trimsEnd ? 3 : 2));
    // A comment has no tokens, while an empty action is an error.
    if (action.words !== undefined) segments.push({ kind: 'action', words: action.words });
    ({ end: at, trimsNext: trimsStart } = action);
  }
}

/** Text outside actions, in which `\t` and `\n` are escapes, as in Docker's lists. */
function textSegment(text: string, trimsStart: boolean, trimsEnd: boolean): TemplateSegment {
  const shown = text.replaceAll('\\n', '\n').replaceAll('\\t', '\t');
  const after = trimsStart ? shown.replace(/^[ \t\r\n]+/, '') : shown;
  return { kind: 'text', text: trimsEnd ? after.trimEnd() : after };
}

interface Action {
  readonly words: readonly string[] | undefined;
  /** Position after the closing braces. */
  readonly end: number;
  /** True if space after the action is omitted. */
  readonly trimsNext: boolean;
}

function readAction(template: string, start: number): Action {
  const comment = /\s*\/\*[\s\S]*?\*\/(?:(\s-)|\s*)\}\}/y;
  comment.lastIndex = start;
  const skipped = comment.exec(template);
  if (skipped !== null) {
    return { words: undefined, end: comment.lastIndex, trimsNext: skipped[1] !== undefined };
  }
  const words: string[] = [];
  for (let at = start; at < template.length; ) {
    const space = /\s*/y;
    space.lastIndex = at;
    const hasSpace = space.test(template) && space.lastIndex > at;
    at = space.lastIndex;
    if (template.startsWith('}}', at)) return { words, end: at + 2, trimsNext: false };
    if (hasSpace && template.startsWith('-}}', at)) return { words, end: at + 3, trimsNext: true };
    if (at >= template.length) break;
    word.lastIndex = at;
    const [text = ''] = word.exec(template) ?? [];
    if (text === '') throw templateError(template, `unexpected "${template.slice(at).split('}}', 1)[0]}"`);
    at = word.lastIndex;
    // A field directly after a closing parenthesis belongs to it; after space it is a new token.
    if (!hasSpace && words.at(-1) === ')' && /^\.\w/.test(text)) words.splice(-1, 1, `)${text}`);
    else words.push(text);
  }
  throw templateError(template, 'an action lacks its }}');
}

/** The error for a template. */
export function templateError(template: string, reason: string): CommandError {
  return new CommandError(`template "${template}": ${reason}`);
}
