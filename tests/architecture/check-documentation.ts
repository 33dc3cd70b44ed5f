/**
 * Finds exported symbols without a doc comment.
 */
import type { ExportNamedDeclaration } from 'oxc-parser';
import type { ParsedSource } from './parsed-sources.ts';

/**
 * Functions, classes, interfaces, types and constants that are exported where they are declared, and have no doc
 * comment directly above. Of overloads and of several constants in one statement the first is enough. Re-exports
 * do not count: the symbol has its comment at home.
 *
 * @returns `PATH NAME` for each
 */
export function findUndocumented({ path, text, program, comments }: ParsedSource): readonly string[] {
  const documentedEnds = comments
    .filter(({ type, value }) => type === 'Block' && value.startsWith('*'))
    .map(({ end }) => end);
  const exported = program.body.filter(
    (node): node is ExportNamedDeclaration =>
      node.type === 'ExportNamedDeclaration' && node.declaration !== null,
  );
  const documented = new Set<string>();
  const found = new Set<string>();
  for (const node of exported) {
    const name = nameOf(node);
    if (documentedEnds.some((end) => end <= node.start && text.slice(end, node.start).trim() === ''))
      documented.add(name);
    else if (!documented.has(name)) found.add(`${path} ${name}`);
  }
  return [...found];
}

function nameOf({ declaration }: ExportNamedDeclaration): string {
  if (declaration === null) return '';
  if (declaration.type === 'VariableDeclaration') {
    const id = declaration.declarations[0]?.id;
    return id?.type === 'Identifier' ? id.name : 'anonymous';
  }
  return 'id' in declaration && declaration.id?.type === 'Identifier' ? declaration.id.name : 'anonymous';
}
