/**
 * Rules of authorization: pure functions from a document and a request to a decision.
 */
import type { AuthorizationRequest } from '@outboard/sdk';

/** One rule. Everything that it names must match. */
export interface Rule {
  /** The message of the denial; undefined for a rule that allows. */
  readonly deny?: string | undefined;
  readonly methods?: readonly string[] | undefined;
  /** Pattern of the path without version: `*` stands for one component, `**` for any number. */
  readonly path?: string | undefined;
  /** Names in the client's certificate; '' for a client without one. */
  readonly users?: readonly string[] | undefined;
  /** A field of the body by its path, such as `["HostConfig", "Privileged"]`, and the value that matches. */
  readonly field?: { readonly path: readonly string[]; readonly equals: unknown } | undefined;
}

/** Rules in order, and the decision when none matches. */
export interface Rules {
  readonly rules: readonly Rule[];
  /** Message of the denial when no rule matches; undefined to allow. */
  readonly otherwise?: string | undefined;
}

const keys = ['deny', 'allow', 'methods', 'path', 'users', 'field'];

/**
 * Parse rules: `{"rules": [{"deny": "reason", "path": "/containers/*"}, {"allow": true}], "otherwise": "reason"}`.
 *
 * @throws {Error} with the rule that is wrong: a misspelt key must not widen access
 */
export function parseRules(text: string): Rules {
  const document: unknown = JSON.parse(text);
  const { rules, otherwise } = objectOf(document, 'the document', ['rules', 'otherwise']);
  if (!Array.isArray(rules)) throw new Error('"rules" is not a list');
  if (otherwise !== undefined && typeof otherwise !== 'string') throw new Error('"otherwise" is not a text');
  return { rules: rules.map((rule, index) => parseRule(rule, `rule ${index + 1}`)), otherwise };
}

/** The first rule that matches decides. @returns the message of a denial; undefined to allow */
export function denialOf({ rules, otherwise }: Rules, request: AuthorizationRequest): string | undefined {
  const rule = rules.find((candidate) => matches(candidate, request));
  return rule === undefined ? otherwise : rule.deny;
}

function parseRule(value: unknown, name: string): Rule {
  const { deny, allow, methods, path, users, field } = objectOf(value, name, keys);
  if ((allow === true) === (typeof deny === 'string')) {
    throw new Error(`${name}: want either "allow": true or "deny" with a reason`);
  }
  if (path !== undefined && typeof path !== 'string') throw new Error(`${name}: "path" is not a text`);
  return {
    deny: typeof deny === 'string' ? deny : undefined,
    methods: methods === undefined ? undefined : textsOf(methods, `${name}: "methods"`),
    path,
    users: users === undefined ? undefined : textsOf(users, `${name}: "users"`),
    field: field === undefined ? undefined : parseField(field, `${name}: "field"`),
  };
}

function parseField(value: unknown, name: string): NonNullable<Rule['field']> {
  const { path, equals } = objectOf(value, name, ['path', 'equals']);
  return { path: textsOf(path, `${name}: "path"`), equals };
}

function matches({ deny, methods, path, users, field }: Rule, request: AuthorizationRequest): boolean {
  if (methods !== undefined && !methods.includes(request.method)) return false;
  if (path !== undefined && !patternOf(path).test(request.path)) return false;
  if (users !== undefined && !users.includes(request.user ?? '')) return false;
  if (field === undefined) return true;
  // A body that the engine keeps to itself could hold anything: it is denied by rules that deny, and allowed by none.
  if (request.body === undefined) return deny !== undefined;
  return request.body.field(...field.path) === field.equals;
}

function patternOf(path: string): RegExp {
  const parts = path.split(/(\*\*|\*)/).map((part) => {
    if (part === '**') return '.*';
    return part === '*' ? '[^/]*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`, 's');
}

function objectOf(value: unknown, name: string, known: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`${name} is not an object`);
  }
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new Error(`${name}: unknown key "${unknown}", want ${known.join(', ')}`);
  // Own fields of JSON, each of unknown type.
  return value as Record<string, unknown>;
}

function textsOf(value: unknown, name: string): readonly string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new Error(`${name} is not a list of texts`);
}
