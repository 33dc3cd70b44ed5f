/**
 * Parses Go's template language, as it is used with `docker … --format`.
 * @see Go text/template; docker/cli templates/templates.go (28.x)
 */
import { isTemplateFunction, templateFunctionNames } from './functions.ts';
import { readNumber, readQuoted } from './read-literal.ts';
import { readSegments, type TemplateSegment, templateError } from './read-tokens.ts';
import { ShownText } from './shown-text.ts';
import type { Branch, Nodes, Operand, Pipeline, Template, TemplateNode } from './template-node.ts';

/** Upper bound of nested blocks and parentheses. */
const maxDepth = 64;

/** Parse a template. @throws {CommandError} with the reason for a malformed template */
export function parseTemplate(template: string): Template {
  return new Parser(template).parse();
}

class Parser {
  readonly #template: string;
  readonly #segments: readonly TemplateSegment[];
  readonly #definitions = new Map<string, Nodes>();
  #at = 0;
  #depth = 0;
  /** Ranges around the current position. */
  #ranges = 0;

  constructor(template: string) {
    this.#template = template;
    this.#segments = readSegments(template);
  }

  parse(): Template {
    const { nodes, end } = this.#block([]);
    if (end !== undefined) throw this.#error(`unexpected {{${end.join(' ')}}}`);
    return { nodes, definitions: this.#definitions };
  }

  /** Parse nodes up to the end of the template, or to an action that begins with one of these words. */
  #block(ends: readonly string[]): { readonly nodes: Nodes; readonly end?: readonly string[] } {
    this.#depth += 1;
    if (this.#depth > maxDepth) throw this.#error('blocks are nested too deeply');
    const nodes: TemplateNode[] = [];
    while (this.#at < this.#segments.length) {
      const segment = this.#segments[this.#at++];
      if (segment === undefined) break;
      if (segment.kind === 'text') {
        if (segment.text !== '') nodes.push(segment);
        continue;
      }
      const [first = ''] = segment.words;
      if (first === 'end' || first === 'else') {
        this.#depth -= 1;
        if (!ends.includes(first)) throw this.#error(`unexpected {{${segment.words.join(' ')}}}`);
        return { nodes, end: segment.words };
      }
      const node = this.#action(first, segment.words);
      if (node !== undefined) nodes.push(node);
    }
    this.#depth -= 1;
    if (ends.length > 0) throw this.#error('{{end}} is missing');
    return { nodes };
  }

  /** @returns undefined for a definition, which is not rendered where it stands */
  #action(first: string, words: readonly string[]): TemplateNode | undefined {
    switch (first) {
      case 'if':
      case 'with':
        return this.#condition(first, words.slice(1));
      case 'range':
        return this.#range(words.slice(1));
      case 'break':
      case 'continue':
        if (this.#ranges === 0) throw this.#error(`{{${first}}} outside of {{range}}`);
        if (words.length > 1) throw this.#error(`unexpected {{${words.join(' ')}}}`);
        return { kind: first };
      case 'define':
      case 'block':
      case 'template':
        return this.#named(first, words);
      default:
        return { kind: 'output', pipeline: this.#pipeline(words) };
    }
  }

  #named(
    kind: 'define' | 'block' | 'template',
    [, word = '', ...rest]: readonly string[],
  ): TemplateNode | undefined {
    const name = /^["`]/.test(word) ? readQuoted(word) : undefined;
    if (typeof name !== 'string') throw this.#error(`{{${kind}}} needs a name in quotes`);
    const pipeline = rest.length === 0 ? undefined : this.#pipeline(rest);
    if (kind === 'define' && (this.#depth > 1 || pipeline !== undefined))
      throw this.#error('unexpected {{define}}');
    if (kind === 'block' && pipeline === undefined) throw this.#error(`{{block "${name}"}} needs a value`);
    if (kind !== 'template') this.#define(name);
    return kind === 'define' ? undefined : { kind: 'template', name, pipeline };
  }

  #define(name: string): void {
    const around = this.#ranges;
    this.#ranges = 0;
    this.#definitions.set(name, this.#block(['end']).nodes);
    this.#ranges = around;
  }

  #condition(kind: 'if' | 'with', words: readonly string[]): TemplateNode {
    const branches: Branch[] = [];
    let condition: readonly string[] = words;
    for (;;) {
      const { nodes, end = [] } = this.#block(['else', 'end']);
      branches.push({ pipeline: this.#pipeline(condition), body: nodes });
      if (end[0] === 'end') return { kind, branches, otherwise: [] };
      if (end.length === 1) return { kind, branches, otherwise: this.#block(['end']).nodes };
      if (end[1] !== kind) throw this.#error(`unexpected {{${end.join(' ')}}}`);
      condition = end.slice(2);
    }
  }

  #range(words: readonly string[]): TemplateNode {
    const assign = words.indexOf(':=');
    const names = words.slice(0, Math.max(0, assign)).filter((word) => word !== ',');
    if (names.length > 2 || names.some((name) => !/^\$\w+$/.test(name)))
      throw this.#error('malformed {{range}}');
    const pipeline = this.#pipeline(words.slice(assign + 1));
    this.#ranges += 1;
    const { nodes: body, end = [] } = this.#block(['else', 'end']);
    this.#ranges -= 1;
    const otherwise = end[0] === 'else' ? this.#block(['end']).nodes : [];
    return { kind: 'range', names, pipeline, body, otherwise };
  }

  #pipeline(words: readonly string[]): Pipeline {
    const [name = '', assign] = words;
    if (assign === ':=' || assign === '=') {
      if (!/^\$\w+$/.test(name)) throw this.#error(`"${name}" is not a variable`);
      return { sets: name, isAssignment: assign === '=', ...this.#commands(words.slice(2)) };
    }
    return this.#commands(words);
  }

  #commands(words: readonly string[]): Pipeline {
    const commands: Operand[][] = [[]];
    for (let index = 0; index < words.length; index += 1) {
      const word = words[index] ?? '';
      if (word === '|') commands.push([]);
      else if (word === '(') {
        const close = this.#closing(words, index);
        const pipeline = this.#pipeline(words.slice(index + 1, close));
        commands.at(-1)?.push({ kind: 'pipeline', pipeline, path: fieldsOf(words[close]?.slice(1) ?? '') });
        index = close;
      } else commands.at(-1)?.push(this.#operand(word));
    }
    if (commands.some((command) => command.length === 0)) throw this.#error('an action or command is empty');
    return { commands };
  }

  #closing(words: readonly string[], open: number): number {
    let depth = 0;
    for (let index = open; index < words.length; index += 1) {
      if (words[index] === '(') depth += 1;
      else if (words[index]?.startsWith(')') && --depth === 0) return index;
      if (depth > maxDepth) break;
    }
    throw this.#error('")" is missing');
  }

  #operand(word: string): Operand {
    if (/^[.$]/.test(word)) {
      const name = /^\$\w*/.exec(word)?.[0] ?? '.';
      return { kind: 'variable', name, path: fieldsOf(word.slice(name === '.' ? 0 : name.length)) };
    }
    if (/^[+-]?\d/.test(word)) return { kind: 'literal', value: this.#number(word) };
    if (/^["'`]/.test(word)) return { kind: 'literal', value: this.#quoted(word) };
    const value = literals.get(word);
    if (value !== undefined) return { kind: 'literal', value: value.value };
    if (isTemplateFunction(word)) return { kind: 'function', name: word };
    throw this.#error(`there is no function "${word}", only ${templateFunctionNames.join(', ')}`);
  }

  #number(word: string): number {
    const value = readNumber(word);
    if (Number.isNaN(value)) throw this.#error(`malformed number ${word}`);
    return value;
  }

  #quoted(word: string): ShownText | number {
    const value = readQuoted(word);
    if (value === undefined) throw this.#error(`malformed string ${word}`);
    return typeof value === 'number' ? value : new ShownText(value);
  }

  #error(reason: string): Error {
    return templateError(this.#template, reason);
  }
}

const literals: ReadonlyMap<string, { readonly value: unknown }> = new Map([
  ['true', { value: true }],
  ['false', { value: false }],
  ['nil', { value: null }],
]);

function fieldsOf(path: string): readonly string[] {
  return path.split('.').filter((name) => name !== '');
}
