/**
 * Finds names and types that this project does not use, where another form says the same.
 */
import { Visitor } from 'oxc-parser';
import { lineOf, type ParsedSource } from './parsed-sources.ts';

const upperCase = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$|^[A-Z]{3,}[0-9]*$/;

/**
 * Constants in upper case, which are camelCase here, and uses of `Omit`: `Pick` names what a function takes.
 *
 * @returns `PATH:LINE fault` for each
 */
export function findUnconventional({ path, text, program }: ParsedSource): readonly string[] {
  const found: string[] = [];
  new Visitor({
    VariableDeclarator: ({ id, start }) => {
      if (id.type === 'Identifier' && upperCase.test(id.name))
        found.push(`${path}:${lineOf(text, start)} ${id.name} is not in camelCase`);
    },
    TSTypeReference: ({ typeName, start }) => {
      if (typeName.type === 'Identifier' && typeName.name === 'Omit')
        found.push(`${path}:${lineOf(text, start)} Omit in place of Pick`);
    },
  }).visit(program);
  return found;
}

/** Files with a name for a contract suite or for support of tests that is not in use any more. */
export function hasOldName(path: string): boolean {
  return /\.contract\.ts$|\.test\.support\.ts$/.test(path);
}
