/**
 * The syntax tree of a template.
 * @see Go text/template: actions, arguments, pipelines
 */

/** A template with the templates that it defines, by name. */
export interface Template {
  readonly nodes: Nodes;
  readonly definitions: ReadonlyMap<string, Nodes>;
}

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
    }
  | { readonly kind: 'break' | 'continue' }
  /** A defined template, whose dot is the value of the pipeline. */
  | { readonly kind: 'template'; readonly name: string; readonly pipeline?: Pipeline | undefined };

/** Consecutive parts of a template. */
export type Nodes = readonly TemplateNode[];

/** A condition, and the nodes to render if it is true. */
export interface Branch {
  readonly pipeline: Pipeline;
  readonly body: Nodes;
}

/** Commands, each with the result of the previous one as its last argument. */
export interface Pipeline {
  /** Variable for the result, which is then not printed. */
  readonly sets?: string | undefined;
  /** True for `=`, which sets a variable that exists; false for `:=`, which declares one. */
  readonly isAssignment?: boolean | undefined;
  readonly commands: readonly (readonly Operand[])[];
}

/** The function or an argument of a command. */
export type Operand =
  | { readonly kind: 'literal'; readonly value: unknown }
  | { readonly kind: 'function'; readonly name: string }
  /** A variable, or the dot, and fields of it. */
  | { readonly kind: 'variable'; readonly name: string; readonly path: readonly string[] }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline; readonly path: readonly string[] };
