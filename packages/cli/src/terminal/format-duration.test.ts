import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration } from './format-duration.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

for (const [ms, text] of [
  [-5, 'Less than a second'],
  [999, 'Less than a second'],
  [second, '1 second'],
  [59.9 * second, '59 seconds'],
  [minute, 'About a minute'],
  [2 * minute, '2 minutes'],
  [59 * minute, '59 minutes'],
  [hour, 'About an hour'],
  [1.6 * hour, '2 hours'],
  [47 * hour, '47 hours'],
  [2 * day, '2 days'],
  [13 * day, '13 days'],
  [14 * day, '2 weeks'],
  [60 * day, '2 months'],
  [2 * 365 * day, '2 years'],
] as const) {
  test(`formatDuration() says "${text}" for ${ms} ms, as Docker`, () =>
    assert.equal(formatDuration(ms), text));
}
