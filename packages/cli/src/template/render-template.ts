/**
 * Renders a parsed template.
 */
import { CommandError } from '../command-error.ts';
import { fieldOf } from './field-of.ts';
import { callTemplateFunction, isTrue } from './functions.ts';
import { isText, plainText, showValue } from './shown-text.ts';
import type { Nodes, Operand, Pipeline, Template, TemplateNode } from './template-node.ts';
import { Variables } from './variables.ts';

/** Calls a function by its name. */
export type CallFunction = (name: string, values: readonly unknown[]) => unknown;

/** Upper bound of nested calls of defined templates. */
const maxCalls = 100;
/** Upper bound of `{{range}}` over a number. */
const maxCount = 100_000;

/**
 * Render a template.
 * @param value initial value of the dot
 * @param call default the functions of templates
 * @throws {CommandError} for a missing field, or invalid arguments of a function
 */
export function renderTemplate(
  template: Template,
  value: unknown,
  call: CallFunction = callTemplateFunction,
): string {
  return new Rendering(template, call).render(template.nodes, value);
}

/** Values of the dot and of variables at one position of a template. */
interface Scope {
  readonly dot: unknown;
  readonly variables: Variables;
}

/** The action that ended a block early. */
type Jump = 'break' | 'continue' | undefined;

class Rendering {
  readonly #template: Template;
  readonly #call: CallFunction;
  readonly #parts: string[] = [];
  #calls = 0;

  constructor(template: Template, call: CallFunction) {
    this.#template = template;
    this.#call = call;
  }

  render(nodes: Nodes, value: unknown): string {
    this.#body(nodes, value);
    return this.#parts.join('');
  }

  /** Render a template or a defined one, which has no variables but `$`. */
  #body(nodes: Nodes, value: unknown): void {
    const variables = new Variables();
    variables.declare('$', value);
    this.#nodes(nodes, { dot: value, variables });
  }

  #nodes(nodes: Nodes, scope: Scope): Jump {
    for (const node of nodes) {
      const jump = this.#node(node, scope);
      if (jump !== undefined) return jump;
    }
    return undefined;
  }

  #node(node: TemplateNode, scope: Scope): Jump {
    switch (node.kind) {
      case 'text':
        this.#parts.push(node.text);
        return undefined;
      case 'output': {
        const value = this.#pipeline(node.pipeline, scope);
        if (node.pipeline.sets === undefined) this.#parts.push(showValue(value));
        return undefined;
      }
      case 'range':
        return this.#range(node, scope);
      case 'if':
      case 'with':
        return this.#condition(node, scope);
      case 'template':
        this.#named(node, scope);
        return undefined;
      case 'break':
      case 'continue':
        return node.kind;
    }
  }

  #condition(node: Extract<TemplateNode, { kind: 'if' | 'with' }>, scope: Scope): Jump {
    for (const { pipeline, body } of node.branches) {
      const inner = innerScope(scope);
      const value = this.#pipeline(pipeline, inner);
      if (isTrue(value)) return this.#nodes(body, node.kind === 'if' ? inner : { ...inner, dot: value });
    }
    return this.#nodes(node.otherwise, innerScope(scope));
  }

  #range(node: Extract<TemplateNode, { kind: 'range' }>, scope: Scope): Jump {
    const entries = entriesOf(this.#pipeline(node.pipeline, scope));
    if (entries.length === 0) return this.#nodes(node.otherwise, innerScope(scope));
    const [first, second] = node.names;
    for (const [key, value] of entries) {
      const inner = { ...innerScope(scope), dot: value };
      if (second !== undefined) inner.variables.declare(second, value);
      if (first !== undefined) inner.variables.declare(first, second === undefined ? value : key);
      if (this.#nodes(node.body, inner) === 'break') break;
    }
    return undefined;
  }

  #named({ name, pipeline }: Extract<TemplateNode, { kind: 'template' }>, scope: Scope): void {
    const nodes = this.#template.definitions.get(name);
    if (nodes === undefined) throw new CommandError(`template: there is no template "${name}"`);
    if (++this.#calls > maxCalls) throw new CommandError(`template: "${name}" is nested too deeply`);
    this.#body(nodes, pipeline === undefined ? null : this.#pipeline(pipeline, scope));
    this.#calls -= 1;
  }

  #pipeline({ sets, isAssignment, commands }: Pipeline, { dot, variables }: Scope): unknown {
    let value: unknown;
    commands.forEach((command, index) => {
      value = this.#command(command, { dot, variables }, index === 0 ? [] : [value]);
    });
    if (sets !== undefined && isAssignment === true) variables.assign(sets, value);
    else if (sets !== undefined) variables.declare(sets, value);
    return value;
  }

  #command([first, ...others]: readonly Operand[], scope: Scope, piped: readonly unknown[]): unknown {
    if (first?.kind !== 'function') {
      if (first === undefined || others.length > 0 || piped.length > 0) {
        throw new CommandError('template: only a function takes arguments');
      }
      if (first.kind === 'literal' && first.value === null) {
        throw new CommandError('template: nil is not a command');
      }
      return this.#operand(first, scope);
    }
    const { name } = first;
    if (name === 'and' || name === 'or') {
      const lazy = [
        ...others.map((operand) => () => this.#operand(operand, scope)),
        ...piped.map((v) => () => v),
      ];
      if (lazy.length === 0) throw new CommandError(`template: ${name} takes 1 or more arguments, not 0`);
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
        return path.reduce(fieldOf, name === '.' ? scope.dot : scope.variables.get(name));
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
  return { dot, variables: new Variables(variables) };
}

function entriesOf(value: unknown): readonly (readonly [unknown, unknown])[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return [...value.entries()];
  if (typeof value === 'number' && Number.isInteger(value) && value <= maxCount) {
    return Array.from({ length: Math.max(0, value) }, (_, index) => [index, index]);
  }
  // Go ranges over maps in the order of their keys.
  if (typeof value === 'object' && !isText(value))
    return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  throw new CommandError(`template: cannot range over ${plainText(value)}`);
}
