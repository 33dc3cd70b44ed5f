/**
 * Renders a parsed template.
 */
import { CommandError } from '../command-error.ts';
import { callTemplateFunction, isTrue } from './functions.ts';
import { plainText, showValue } from './shown-text.ts';
import type { Nodes, Operand, Pipeline, TemplateNode } from './template-node.ts';

/** Calls a function by its name. */
export type CallFunction = (name: string, values: readonly unknown[]) => unknown;

/**
 * Render a template.
 * @param value initial value of the dot
 * @param call default the functions of templates
 * @throws {CommandError} for a missing field, or invalid arguments of a function
 */
export function renderTemplate(
  nodes: Nodes,
  value: unknown,
  call: CallFunction = callTemplateFunction,
): string {
  return new Rendering(call).nodes(nodes, { dot: value, variables: new Map([['$', value]]) });
}

/** Values of the dot and of variables at one position of a template. */
interface Scope {
  readonly dot: unknown;
  readonly variables: Map<string, unknown>;
}

class Rendering {
  readonly #call: CallFunction;

  constructor(call: CallFunction) {
    this.#call = call;
  }

  nodes(nodes: Nodes, scope: Scope): string {
    return nodes.map((node) => this.#node(node, scope)).join('');
  }

  #node(node: TemplateNode, scope: Scope): string {
    switch (node.kind) {
      case 'text':
        return node.text;
      case 'output': {
        const value = this.#pipeline(node.pipeline, scope);
        return node.pipeline.sets === undefined ? showValue(value) : '';
      }
      case 'range':
        return this.#range(node, scope);
      case 'if':
      case 'with': {
        for (const { pipeline, body } of node.branches) {
          const inner = innerScope(scope);
          const value = this.#pipeline(pipeline, inner);
          if (isTrue(value)) return this.nodes(body, node.kind === 'if' ? inner : { ...inner, dot: value });
        }
        return this.nodes(node.otherwise, innerScope(scope));
      }
    }
  }

  #range(node: Extract<TemplateNode, { kind: 'range' }>, scope: Scope): string {
    const entries = entriesOf(this.#pipeline(node.pipeline, scope));
    if (entries.length === 0) return this.nodes(node.otherwise, innerScope(scope));
    const [first, second] = node.names;
    return entries
      .map(([key, value]) => {
        const inner = { ...innerScope(scope), dot: value };
        if (second !== undefined) inner.variables.set(second, value);
        if (first !== undefined) inner.variables.set(first, second === undefined ? value : key);
        return this.nodes(node.body, inner);
      })
      .join('');
  }

  #pipeline({ sets, commands }: Pipeline, scope: Scope): unknown {
    let value: unknown;
    commands.forEach((command, index) => {
      value = this.#command(command, scope, index === 0 ? [] : [value]);
    });
    if (sets !== undefined) scope.variables.set(sets, value);
    return value;
  }

  #command([first, ...others]: readonly Operand[], scope: Scope, piped: readonly unknown[]): unknown {
    if (first?.kind !== 'function') {
      if (first === undefined || others.length > 0 || piped.length > 0) {
        throw new CommandError('template: only a function takes arguments');
      }
      return this.#operand(first, scope);
    }
    const { name } = first;
    if (name === 'and' || name === 'or') {
      const lazy = [
        ...others.map((operand) => () => this.#operand(operand, scope)),
        ...piped.map((v) => () => v),
      ];
      return firstThat((value) => isTrue(value) === (name === 'or'), lazy);
    }
    return this.#call(name, [...others.map((operand) => this.#operand(operand, scope)), ...piped]);
  }

  #operand(operand: Operand, scope: Scope): unknown {
    switch (operand.kind) {
      case 'literal':
        return operand.value;
      case 'function':
        return this.#command([operand], scope, []);
      case 'pipeline':
        return operand.path.reduce(fieldOf, this.#pipeline(operand.pipeline, scope));
      case 'variable': {
        const { name, path } = operand;
        if (name === '.') return path.reduce(fieldOf, scope.dot);
        if (!scope.variables.has(name)) throw new CommandError(`template: there is no variable "${name}"`);
        return path.reduce(fieldOf, scope.variables.get(name));
      }
    }
  }
}

/** The first value that passes, else the last one; values after it are not evaluated. */
function firstThat(passes: (value: unknown) => boolean, values: readonly (() => unknown)[]): unknown {
  let value: unknown;
  for (const next of values) {
    value = next();
    if (passes(value)) break;
  }
  return value;
}

function innerScope({ dot, variables }: Scope): Scope {
  return { dot, variables: new Map(variables) };
}

function entriesOf(value: unknown): readonly (readonly [unknown, unknown])[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return [...value.entries()];
  // Go ranges over maps in the order of their keys.
  if (typeof value === 'object') return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  throw new CommandError(`template: cannot range over ${plainText(value)}`);
}

/** A field in any letter case: Go's `.ID` is `Id` in JSON. */
function fieldOf(parent: unknown, name: string): unknown {
  if (typeof parent === 'object' && parent !== null) {
    const entries = Object.entries(parent);
    const match =
      entries.find(([key]) => key === name) ??
      entries.find(([key]) => key.toLowerCase() === name.toLowerCase());
    if (match !== undefined) return match[1];
  }
  throw new CommandError(`template: there is no field "${name}"`);
}
