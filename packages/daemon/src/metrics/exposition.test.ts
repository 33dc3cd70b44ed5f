import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeExposition, type MetricFamily } from './exposition.ts';

const family = (changes: Partial<MetricFamily>): MetricFamily => ({
  name: 'x_total',
  help: 'Things.',
  type: 'counter',
  samples: [{ value: 1 }],
  ...changes,
});

test('encodeExposition() writes help, type and series', async () => {
  const samples = [{ value: 0 }, { labels: { a: 'b', c: 'd' }, value: 1.5 }];
  assert.equal(
    await encodeExposition([family({ samples })]),
    '# HELP x_total Things.\n# TYPE x_total counter\nx_total 0\nx_total{a="b",c="d"} 1.5\n',
  );
});

test('encodeExposition() omits a family without series', async () => {
  assert.equal(await encodeExposition([family({ samples: [] })]), '');
});

test('encodeExposition() escapes backslashes, line feeds and quotes', async () => {
  const text = await encodeExposition([
    family({ help: 'a\\b\nc "d"', samples: [{ labels: { l: 'a\\b\n"c"' }, value: 1 }] }),
  ]);
  assert.equal(
    text,
    '# HELP x_total a\\\\b\\nc "d"\n# TYPE x_total counter\nx_total{l="a\\\\b\\n\\"c\\""} 1\n',
  );
});

const numbers: readonly [value: number, text: string][] = [
  [Number.POSITIVE_INFINITY, '+Inf'],
  [Number.NEGATIVE_INFINITY, '-Inf'],
  [Number.NaN, 'NaN'],
  [1e21, '1e+21'],
  [0.000001, '0.000001'],
  [9_007_199_254_740_991, '9007199254740991'],
];
for (const [value, text] of numbers) {
  test(`encodeExposition() writes ${text}`, async () => {
    assert.ok(
      (await encodeExposition([family({ samples: [{ value }] })])).endsWith(`x_total ${text}\n`),
      text,
    );
  });
}
