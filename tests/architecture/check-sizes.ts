/**
 * Finds functions and files that are too large to be read at once.
 */
import {
  type ArrowFunctionExpression,
  type Function as FunctionWithName,
  type PropertyKey as Key,
  type Node,
  type Program,
  Visitor,
} from 'oxc-parser';
import { lineOf, type ParsedSource } from './parsed-sources.ts';

/** Upper bounds, comments and blank lines included. */
const limits = { functionLines: 60, parameters: 4, fileLines: 300 };

type FunctionNode = FunctionWithName | ArrowFunctionExpression;

/**
 * Every function with too many lines or parameters, and the file itself if it is too long. A function counts from its
 * first to its last line, with the functions inside it. `this` is no parameter.
 *
 * @returns `PATH NAME: N lines` for each
 */
export function findOversized({ path, text, program }: ParsedSource): readonly string[] {
  const found: string[] = [];
  const fileLines = lineOf(text, text.length) - 1;
  if (fileLines > limits.fileLines) found.push(`${path}: ${fileLines} lines`);
  for (const [node, name] of namedFunctions(program)) {
    const lines = lineOf(text, node.end) - lineOf(text, node.start) + 1;
    if (lines > limits.functionLines) found.push(`${path} ${name}: ${lines} lines`);
    const parameters = node.params.filter((param) => !(param.type === 'Identifier' && param.name === 'this'));
    if (parameters.length > limits.parameters) found.push(`${path} ${name}: ${parameters.length} parameters`);
  }
  return found;
}

/** Functions with a body, each with the name of what holds it. */
function namedFunctions(program: Program): ReadonlyMap<FunctionNode, string> {
  const names = new Map<FunctionNode, string>();
  const name = (node: Node | null | undefined, text: string): void => {
    if (isFunction(node)) names.set(node, text);
  };
  // A visitor sees a node before those inside it: what names a function is seen before the function.
  const add = (node: FunctionNode): void => {
    if (node.body !== null && !names.has(node)) {
      names.set(node, node.id?.name ?? 'anonymous');
    }
  };
  new Visitor({
    VariableDeclarator: ({ id, init }) => name(init, id.type === 'Identifier' ? id.name : 'anonymous'),
    Property: ({ key, value }) => name(value, keyName(key)),
    MethodDefinition: ({ key, value }) => name(value, keyName(key)),
    PropertyDefinition: ({ key, value }) => name(value, keyName(key)),
    FunctionDeclaration: add,
    FunctionExpression: add,
    ArrowFunctionExpression: add,
  }).visit(program);
  return names;
}

function keyName(key: Key): string {
  if (key.type === 'Identifier') return key.name;
  return key.type === 'PrivateIdentifier' ? `#${key.name}` : 'anonymous';
}

function isFunction(node: Node | null | undefined): node is FunctionNode {
  return node?.type === 'FunctionExpression' || node?.type === 'ArrowFunctionExpression';
}
