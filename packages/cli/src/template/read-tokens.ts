/**
 * Splits a template into texts and the tokens of its actions.
 */
import { CommandError } from '../command-error.ts';

/** Text, or an action between `{{` and `}}`. */
export type TemplateSegment =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly words: readonly string[] };

/** A token: a string, a raw string, a variable with fields, a number, a name or a sign, after optional space. */
const word =
  /\s*("(?:[^"\\\n]|\\.)*"|`[^`]*`|(?:\$\w*)?(?:\.[A-Za-z_]\w*)+|\$\w*|[+-]?\d+(?:\.\d+)?|[A-Za-z_]\w*|:=|[.|(),=])/y;

const action = /\{\{(- )?([\s\S]*?)( -)?\}\}/g;

/** Split a template. @throws {CommandError} for an action without an end, or an unknown character */
export function readSegments(template: string): readonly TemplateSegment[] {
  const segments: TemplateSegment[] = [];
  let end = 0;
  let trimsNext = false;
  for (const match of template.matchAll(action)) {
    const [whole, trimsBefore, content = '', trimsAfter] = match;
    segments.push(textSegment(template.slice(end, match.index), trimsNext, trimsBefore !== undefined));
    if (!/^\s*\/\*[\s\S]*\*\/\s*$/.test(content)) {
      segments.push({ kind: 'action', words: readWords(content, template) });
    }
    end = match.index + whole.length;
    trimsNext = trimsAfter !== undefined;
  }
  segments.push(textSegment(template.slice(end), trimsNext, false));
  const open = segments.find((segment) => segment.kind === 'text' && /\{\{|\}\}/.test(segment.text));
  if (open !== undefined) throw templateError(template, 'an action lacks its {{ or }}');
  return segments;
}

/** Text outside actions, in which `\t` and `\n` are escapes, as in Docker's lists. */
function textSegment(text: string, trimsStart: boolean, trimsEnd: boolean): TemplateSegment {
  const after = trimsStart ? text.trimStart() : text;
  const trimmed = trimsEnd ? after.trimEnd() : after;
  return { kind: 'text', text: trimmed.replaceAll('\\n', '\n').replaceAll('\\t', '\t') };
}

function readWords(content: string, template: string): readonly string[] {
  const words: string[] = [];
  word.lastIndex = 0;
  let at = 0;
  for (let match = word.exec(content); match !== null; match = word.exec(content)) {
    const [whole, text = ''] = match;
    // A field directly after a closing parenthesis belongs to it; after space it is a new token.
    if (whole === text && words.at(-1) === ')' && text.startsWith('.')) words.splice(-1, 1, `)${text}`);
    else words.push(text);
    at = word.lastIndex;
  }
  const rest = content.slice(at).trim();
  if (rest !== '') throw templateError(template, `unexpected "${rest}"`);
  return words;
}

/** The error for a template. */
export function templateError(template: string, reason: string): CommandError {
  return new CommandError(`template "${template}": ${reason}`);
}
