import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePluginFilters } from './plugin-filters.ts';

const accepted: readonly [filters: string, expected: object][] = [
  ['', {}],
  ['{}', {}],
  ['{"enabled":["true"]}', { enabled: true }],
  ['{"enabled":{"false":true}}', { enabled: false }],
  ['{"enabled":["1"]}', { enabled: true }],
  ['{"enabled":["true","true"]}', { enabled: true }],
  ['{"capability":["volumedriver"]}', { capabilities: [/volumedriver/] }],
  ['{"capability":{"vol":true,"net":false}}', { capabilities: [/vol/] }],
  ['{"capability":["("]}', { capabilities: [/^\($/] }],
];
for (const [filters, expected] of accepted) {
  test(`parsePluginFilters() reads ${filters || 'nothing'}`, () => {
    assert.deepEqual(parsePluginFilters(filters), expected);
  });
}

const refused: readonly [filters: string, message: RegExp][] = [
  ['{"bogus":["x"]}', /^invalid filter 'bogus'/],
  ['{"__proto__":["x"]}', /^invalid filter '__proto__'/],
  ['{"enabled":["maybe"]}', /^invalid filter 'enabled=\[maybe\]'/],
  ['{"enabled":["true","false"]}', /^invalid filter 'enabled=\[true false\]'/],
  ['{"enabled":[]}', /^invalid filter 'enabled=\[\]'/],
  ['{"enabled":true}', /^invalid filter/],
  ['{"enabled":[true]}', /^invalid filter/],
  ['{"enabled":{"true":"x"}}', /^invalid filter/],
  ['["enabled"]', /^invalid filter/],
  ['null', /^invalid filter/],
  ['enabled=true', /^invalid filter/],
  [`{"capability":["${'a'.repeat(129)}"]}`, /^invalid filter 'capability'/],
];
for (const [filters, message] of refused) {
  test(`D18 parsePluginFilters() refuses ${filters.slice(0, 40)}`, () => {
    assert.throws(() => parsePluginFilters(filters), { name: 'HttpError', status: 400, message });
  });
}
