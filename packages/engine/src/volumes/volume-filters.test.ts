import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayBePruned, passesFilters } from './volume-filters.ts';
import type { Volume, VolumeFilters } from './volumes.ts';

const volume: Volume = {
  name: 'data-1',
  driver: 'acme/p:latest',
  mountpoint: '',
  scope: 'local',
  labels: new Map([
    ['team', 'a=b'],
    ['empty', ''],
  ]),
};

const cases: readonly [filters: VolumeFilters, passes: boolean][] = [
  [{}, true],
  [{ names: [/^data/] }, true],
  [{ names: [/^other/, /1$/] }, true],
  [{ names: [/^other/] }, false],
  [{ drivers: ['acme/p:latest', 'x'] }, true],
  [{ drivers: ['acme/p'] }, false],
  [{ labels: ['team'] }, true],
  [{ labels: ['team=a=b'] }, true],
  [{ labels: ['team=a'] }, false],
  [{ labels: ['team='] }, false],
  [{ labels: ['empty='] }, true],
  [{ labels: ['team', 'missing'] }, false],
  [{ labels: ['__proto__'] }, false],
  [{ dangling: false }, true],
  [{ dangling: true }, false],
  [{ names: [/data/], drivers: ['x'] }, false],
];
for (const [filters, passes] of cases) {
  const shown = JSON.stringify(filters, (_, value) => (value instanceof RegExp ? String(value) : value));
  test(`a mounted volume with labels ${passes ? 'passes' : 'does not pass'} ${shown}`, () => {
    assert.equal(
      passesFilters(volume, filters, () => true),
      passes,
    );
  });
}

test('a volume without labels has none of any', () => {
  assert.equal(mayBePruned(undefined, { labels: ['team'] }), false);
  assert.equal(mayBePruned(undefined, { excludedLabels: ['team'] }), true);
  assert.equal(mayBePruned(undefined, { excludedLabels: [] }), true);
});
