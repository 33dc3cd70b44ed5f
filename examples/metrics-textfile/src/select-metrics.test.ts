import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectMetrics } from './select-metrics.ts';

test('selectMetrics() keeps samples with their descriptions, by name', () => {
  const one = '# HELP engine_a first\n# TYPE engine_a counter\nengine_a{x="go_"} 1\n';
  const other = '# HELP go_b engine_ in words\n# TYPE go_b gauge\ngo_b 2\n';
  assert.equal(selectMetrics(`${one}${other}\n# a comment\n`, /^engine_/), one);
  assert.equal(selectMetrics(`${one}${other}`, /(?:)/), `${one}${other}`);
});
