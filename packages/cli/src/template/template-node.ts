/**
 * A template after it was parsed.
 * @see Go text/template: actions, arguments, pipelines
 */

/** A part of a template. */
export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly pipeline: Pipeline }
  | { readonly kind: 'if' | 'with'; readonly branches: readonly Branch[]; readonly otherwise: Nodes }
  | {
      readonly kind: 'range';
      /** `$index, $item := …`, or `$item := …`. */
      readonly names: readonly string[];
      readonly pipeline: Pipeline;
      readonly body: Nodes;
      readonly otherwise: Nodes;
    };

export type Nodes = readonly TemplateNode[];

/** One condition, and what it is for. */
export interface Branch {
  readonly pipeline: Pipeline;
  readonly body: Nodes;
}

/** Commands, each of which gets the result of the one before as its last argument. */
export interface Pipeline {
  /** The variable that is set to the result, which is then not printed. */
  readonly sets?: string;
  readonly commands: readonly (readonly Operand[])[];
}

/** One word of a command. */
export type Operand =
  | { readonly kind: 'literal'; readonly value: unknown }
  | { readonly kind: 'function'; readonly name: string }
  /** A variable, or the dot, and fields of it. */
  | { readonly kind: 'variable'; readonly name: string; readonly path: readonly string[] }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline; readonly path: readonly string[] };
