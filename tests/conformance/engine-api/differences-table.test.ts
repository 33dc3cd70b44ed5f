import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { allCases } from './cases/all-cases.ts';
import { differences } from './differences/all-differences.ts';
import { formatDifferences, readDifferences } from './differences-table.ts';

describe('the table of differences', () => {
  test('equals the tables in docs/compatibility.md, which `npm run conformance -- --write-docs` writes', async () => {
    assert.equal(await readDifferences(), formatDifferences());
  });

  test('names each answer of an existing case at most once', () => {
    const steps = new Map(allCases.map(({ id, afterwards = [] }) => [id, 1 + afterwards.length]));
    const seen = new Set<string>();
    for (const { case: id, step = 0 } of differences) {
      const key = `${id} ${step}`;
      assert.ok(step < (steps.get(id) ?? 0), `${key} is an answer of a case`);
      assert.ok(!seen.has(key), `${key} is listed once`);
      seen.add(key);
    }
  });
});

describe('the cases', () => {
  test('have unique IDs of the form group.name', () => {
    const ids = allCases.map(({ id }) => id);
    assert.deepEqual(
      ids.filter((id, index) => ids.indexOf(id) !== index),
      [],
    );
    for (const id of ids) assert.match(id, /^[a-z]+(-[a-z]+)*\.[a-z0-9.-]+$/);
  });

  test('cover every plugin route in every API version', () => {
    const everywhere = allCases.filter(({ versions }) => versions === 'every' || versions === 'since-1.26');
    const lines = everywhere.flatMap((subject) => [subject, ...(subject.afterwards ?? [])]);
    const routes = new Set(
      lines.map(({ request }) => request.line.replace(/\?.*/, '').replace(/\{[a-z]+\}/, '*')),
    );
    for (const route of [
      'GET /_ping',
      'HEAD /_ping',
      'GET /version',
      'GET /plugins',
      'GET /plugins/*/json',
      'GET /plugins/privileges',
      'POST /plugins/pull',
      'POST /plugins/create',
      'POST /plugins/*/enable',
      'POST /plugins/*/disable',
      'POST /plugins/*/set',
      'POST /plugins/*/upgrade',
      'POST /plugins/*/push',
      'DELETE /plugins/*',
    ]) {
      assert.ok(routes.has(route), `${route} at every version`);
    }
  });
});
