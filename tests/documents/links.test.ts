/** Links of the documentation have targets, and the README links to every page. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { pages, repository } from './pages.ts';

/** Links of a page. A link within the page has the page's own path. */
function linksOf(prose: string): readonly string[] {
  const withoutCode = prose.replaceAll(/`[^`\n]*`/g, '');
  return [...withoutCode.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = '']) => target);
}

test('every link leads to an existing file and heading', () => {
  const byPath = new Map(pages.map((page) => [page.path, page]));
  let seen = 0;
  const broken: string[] = [];
  for (const { path, prose } of pages) {
    for (const link of linksOf(prose).filter((target) => !/^https?:/.test(target))) {
      seen += 1;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : normalize(join(dirname(path), file));
      const hasAnchor = anchor === undefined || byPath.get(target)?.anchors.has(anchor) === true;
      if (!existsSync(join(repository, target)) || !hasAnchor) broken.push(`${path}: ${link}`);
    }
  }
  assert.ok(seen > 50, `found only ${seen} links`);
  assert.deepEqual(broken, []);
});

test("the README's table names every page of docs/", () => {
  const readme = pages.find(({ path }) => path === 'README.md');
  const named = new Set(linksOf(readme?.prose ?? ''));
  const missing = pages
    .map(({ path }) => path)
    .filter((path) => path.startsWith('docs/') && !named.has(path));
  assert.deepEqual(missing, []);
});

test('no link leads to a placeholder host', () => {
  const outside = pages.flatMap(({ path, prose }) =>
    linksOf(prose)
      .filter((link) => /^https?:/.test(link))
      .map((link) => `${path}: ${link}`),
  );
  assert.ok(outside.length > 0);
  for (const link of outside) assert.ok(URL.canParse(link.slice(link.indexOf(': ') + 2)), link);
  assert.deepEqual(
    outside.filter((link) => /example\.(com|org)|localhost/.test(link)),
    [],
  );
});
