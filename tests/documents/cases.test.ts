/**
 * The codes of cases that titles of tests begin with, and docs/cases.md, name the same cases.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pages, repository } from './pages.ts';

/** One code, such as `A03`, or the ends of a range, such as `V1-V10`. */
const code = /(?:[ADIRS]\d\d|V\d{1,2})(?:-(?:[ADIRS]\d\d|V\d{1,2}))?/;
/** The beginning of a string literal that is a title with codes. */
const titleStart = new RegExp(String.raw`['"\x60](${code.source}(?:,? ${code.source})*) ?(?=\S|$)`, 'gm');
/** Codes at the end of a title that begins with what a function does. */
const titleEnd = new RegExp(String.raw`\((${code.source})\)['"\x60],`, 'g');

const page = pages.find(({ path }) => path === 'docs/cases.md');
const listed = [...(page?.prose ?? '').matchAll(/^\| ([A-Z]\d+) \|/gm)].map(([, name = '']) => name);

/** Every code that a source text of tests cites, ranges as their members. */
function citedIn(source: string): readonly string[] {
  const titles = [...source.matchAll(titleStart), ...source.matchAll(titleEnd)];
  return titles.flatMap(([, codes = '']) => codes.split(/,? /).flatMap(membersOf));
}

function membersOf(range: string): readonly string[] {
  const [first = '', last = first] = range.split('-');
  return listed
    .filter(
      (name) => name[0] === first[0] && numberOf(name) >= numberOf(first) && numberOf(name) <= numberOf(last),
    )
    .concat(listed.includes(first) ? [] : [first]);
}

function numberOf(name: string): number {
  return Number(name.slice(1));
}

function testSources(): readonly string[] {
  return ['packages', 'tests', 'examples'].flatMap((directory) =>
    readdirSync(join(repository, directory), { recursive: true, encoding: 'utf8' })
      .filter((path) => !/(^|\/)(node_modules|dist)\//.test(path) && /\.(test|suite)\.ts$/.test(path))
      .filter((path) => !path.endsWith('documents/cases.test.ts'))
      .map((path) => readFileSync(join(repository, directory, path), 'utf8')),
  );
}

test('every code in a title is a row of docs/cases.md, and every row has a test', () => {
  const cited = new Set(testSources().flatMap(citedIn));
  assert.ok(cited.size > 100, `found only ${cited.size} codes`);
  assert.deepEqual(
    [...cited].filter((name) => !listed.includes(name)),
    [],
    'these are not in docs/cases.md',
  );
  assert.deepEqual(
    listed.filter((name) => !cited.has(name)),
    [],
    'no title cites these',
  );
  assert.deepEqual(listed, [...new Set(listed)]);
});

describe('the codes of a title', () => {
  for (const [source, expected] of [
    ["test('A03 a file', () => {});", ['A03']],
    ['test(`S06 S07 a plugin`, () => {});', ['S06', 'S07']],
    ["title: 'I09, I10 a plugin',", ['I09', 'I10']],
    ["test('V1-V3 after a crash', () => {});", ['V1', 'V2', 'V3']],
    ["title: 'refuses a destination (I06)',", ['I06']],
    ['[`R11 refuses`, 1]', ['R11']],
    ["test('Z99 nothing', () => {});", []],
    ["test('A99 a case that nobody wrote down', () => {});", ['A99']],
    ["const date = '2024-01-01T00:00';", []],
  ] as const) {
    test(`are found in ${source}`, () => assert.deepEqual(citedIn(source), expected));
  }
});
