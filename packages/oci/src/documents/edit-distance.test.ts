import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance } from './edit-distance.ts';

for (const [left, right, distance] of [
  ['entrypoint', 'entrypoint', 0],
  ['entrypont', 'entrypoint', 1],
  ['entryponit', 'entrypoint', 1],
  ['mount', 'mounts', 1],
  ['enviroment', 'environment', 1],
  ['worddirs', 'workdir', 2],
  ['hooks', 'args', 3],
  ['', 'abc', 3],
  ['ab', '', 2],
] as const) {
  test(`${JSON.stringify(left)} and ${JSON.stringify(right)} differ by ${distance}`, () => {
    assert.equal(editDistance(left, right, 3), distance);
    assert.equal(editDistance(right, left, 3), distance);
  });
}
