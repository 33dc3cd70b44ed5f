import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextPage } from './next-page.ts';

const own = new URL('https://registry.test/v2/acme/a/tags/list?n=2');

for (const [link, next] of [
  ['</v2/acme/a/tags/list?n=2&last=b>; rel="next"', 'https://registry.test/v2/acme/a/tags/list?n=2&last=b'],
  ['<?last=b>;rel=next', 'https://registry.test/v2/acme/a/tags/list?last=b'],
  [
    '<https://registry.test/v2/acme/a/tags/list?last=b>; title="x"; rel="last next"',
    `${own.origin}${own.pathname}?last=b`,
  ],
  ['</v2/acme/a/tags/list?last=a>; rel="prev", <?last=c>; rel="next"', `${own.origin}${own.pathname}?last=c`],
] as const) {
  test(`nextPage() follows ${link}`, () => {
    assert.equal(nextPage(own, [link])?.href, next);
  });
}

test('nextPage() finds no page without a relation "next"', () => {
  for (const links of [[], [''], ['<?last=b>'], ['<?last=b>; rel="prev"'], ['?last=b; rel="next"']])
    assert.equal(nextPage(own, links), undefined);
});

for (const link of [
  '<https://elsewhere.test/v2/acme/a/tags/list>; rel="next"',
  '<http://registry.test/v2/acme/a/tags/list>; rel="next"',
  '<//169.254.169.254/v2/acme/a/tags/list>; rel="next"',
  '<https://registry.test:444/v2/acme/a/tags/list>; rel="next"',
  '<https://me@registry.test/v2/acme/a/tags/list>; rel="next"',
  '</v2/acme/b/tags/list>; rel="next"',
  '</v2/acme/a/tags/../../b/tags/list>; rel="next"',
  '<file:///etc/passwd>; rel="next"',
]) {
  test(`R17 nextPage() refuses ${link}`, () => {
    assert.throws(() => nextPage(own, [link]), { kind: 'forbidden' });
  });
}
