import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePruneFilters, parseVolumeFilters } from './volume-filters.ts';

const lists: readonly [filters: string, expected: object][] = [
  ['', {}],
  ['{}', {}],
  ['{"dangling":["true"]}', { dangling: true }],
  ['{"dangling":{"0":true}}', { dangling: false }],
  ['{"name":["^da","("]}', { names: [/^da/, /^\($/] }],
  ['{"driver":["acme/p:latest"],"label":["a","b=c"]}', { drivers: ['acme/p:latest'], labels: ['a', 'b=c'] }],
];
for (const [filters, expected] of lists) {
  test(`parseVolumeFilters() reads ${filters || 'nothing'}`, () => {
    assert.deepEqual(parseVolumeFilters(filters), expected);
  });
}

const prunes: readonly [filters: string, expected: object][] = [
  ['', {}],
  ['{"all":["1"]}', { all: true }],
  ['{"all":{"false":true}}', { all: false }],
  ['{"label":["a"],"label!":["b=c","d"]}', { labels: ['a'], excludedLabels: ['b=c', 'd'] }],
];
for (const [filters, expected] of prunes) {
  test(`parsePruneFilters() reads ${filters || 'nothing'}`, () => {
    assert.deepEqual(parsePruneFilters(filters), expected);
  });
}

const refused: readonly [parse: typeof parseVolumeFilters, filters: string, message: RegExp][] = [
  [parseVolumeFilters, '{"bogus":["x"]}', /^invalid filter 'bogus'/],
  [parseVolumeFilters, '{"all":["true"]}', /^invalid filter 'all'/],
  [parseVolumeFilters, '{"__proto__":["x"]}', /^invalid filter '__proto__'/],
  [parseVolumeFilters, '{"dangling":["maybe"]}', /^invalid filter 'dangling=\[maybe\]'/],
  [parseVolumeFilters, '{"dangling":["true","false"]}', /^invalid filter 'dangling=\[true false\]'/],
  [parseVolumeFilters, `{"name":["${'a'.repeat(129)}"]}`, /^invalid filter 'name': longer than 128/],
  [parsePruneFilters as typeof parseVolumeFilters, '{"dangling":["true"]}', /^invalid filter 'dangling'/],
  [parsePruneFilters as typeof parseVolumeFilters, '{"all":["maybe"]}', /^invalid filter 'all=\[maybe\]'/],
];
for (const [parse, filters, message] of refused) {
  test(`D18 ${parse.name}() refuses ${filters.slice(0, 40)}`, () => {
    assert.throws(() => parse(filters), { name: 'HttpError', status: 400, message });
  });
}
