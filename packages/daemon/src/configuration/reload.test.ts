import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { type Configuration, withDefaults } from './configuration.ts';
import { changedKeys, type ReloadablePart, reloadParts } from './reload.ts';

const before = withDefaults({});
const next: Configuration = { ...before, tlscert: '/new.pem', runtime: 'crun', hosts: ['unix:///new.sock'] };

/** Parts that record their calls, and a logger that records warnings. */
function recordParts(failing?: string) {
  const done: string[] = [];
  const part = (name: string): ReloadablePart => ({
    async prepare(configuration) {
      assert.equal(configuration, next);
      if (name === failing) throw new Error(`${name} fails`);
      done.push(`${name} ready`);
      return () => done.push(`${name} in force`);
    },
  });
  const warnings: unknown[] = [];
  const logger = pino(
    { level: 'warn', base: null },
    { write: (line: string) => warnings.push(JSON.parse(line).keys) },
  );
  return {
    parts: [part('first'), part('second')],
    done,
    warnings,
    logger,
  };
}

test('reloadParts() prepares all parts before it applies any', async () => {
  const { parts, done, logger } = recordParts();
  await reloadParts(parts, { before, next }, logger);
  assert.deepEqual(done, ['first ready', 'second ready', 'first in force', 'second in force']);
});

test('reloadParts() applies nothing and logs no warning when a part fails to prepare', async () => {
  const { parts, done, warnings, logger } = recordParts('second');
  await assert.rejects(reloadParts(parts, { before, next }, logger), { message: 'second fails' });
  assert.deepEqual(done, ['first ready']);
  assert.deepEqual(warnings, []);
});

test('reloadParts() logs the changed settings that need a restart', async () => {
  const { parts, warnings, logger } = recordParts();
  await reloadParts(parts, { before, next }, logger);
  assert.deepEqual(warnings, [['hosts', 'runtime']]);
});

test('changedKeys() compares by value', () => {
  assert.deepEqual(changedKeys(before, withDefaults({})), []);
  assert.deepEqual(changedKeys(before, withDefaults({ hosts: ['unix:///x'] })), ['hosts']);
});
