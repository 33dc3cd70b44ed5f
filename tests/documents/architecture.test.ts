/**
 * docs/architecture.md names paths that exist, at most three places for a change, and every directory of each package.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pages, repository } from './pages.ts';

const path = 'docs/architecture.md';
const page = pages.find((candidate) => candidate.path === path) ?? assert.fail(`${path} is missing`);
const packages = readdirSync(join(repository, 'packages'));
const pathPattern = /`((?:[a-z-]+\/)+[a-z.-]+)`/g;
const maxPlaces = 3;

/** The file or directory that the page names, relative to the repository. */
function locate(named: string): string {
  const [first = '', ...rest] = named.split('/');
  return packages.includes(first) ? join('packages', first, 'src', ...rest) : named;
}

function pathsIn(text: string): readonly string[] {
  return [...text.matchAll(pathPattern)].map(([, named = '']) => named);
}

/** Rows of the table below a heading, without its head. */
function rowsOf(heading: string): readonly string[] {
  const section = page.prose.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(2);
}

test('every path on the page exists', () => {
  const named = pathsIn(page.prose);
  assert.ok(named.length > 50, `found only ${named.length}`);
  assert.deepEqual(
    named.filter((one) => !existsSync(join(repository, locate(one)))),
    [],
  );
});

test('every change has one to three places', () => {
  const rows = rowsOf('Where to change what');
  assert.ok(rows.length > 20, `found only ${rows.length}`);
  for (const row of rows) {
    const places = pathsIn(row).length;
    assert.ok(places >= 1 && places <= maxPlaces, row);
  }
});

test('the package diagrams name every directory', () => {
  const pictures = page.blocks.map(({ text }) => text).join('\n');
  const words = new Set([...`${pictures}\n${page.prose}`.matchAll(/[a-z][a-z-]*/g)].map(([word]) => word));
  const missing = packages.flatMap((name) =>
    readdirSync(join(repository, 'packages', name, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'testing')
      .filter((entry) => !words.has(entry.name))
      .map((entry) => `${name}/${entry.name}`),
  );
  assert.deepEqual(missing, []);
});

test('the glossary explains at least 30 terms, each once', () => {
  const terms = rowsOf('Glossary').map((row) => row.split('|')[1]?.trim());
  assert.ok(terms.length >= 30, `found only ${terms.length}`);
  assert.deepEqual(terms, [...new Set(terms)]);
});
