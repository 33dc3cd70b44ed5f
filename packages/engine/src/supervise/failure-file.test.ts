import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import pino from 'pino';
import { createPluginLayout } from '../store/plugin-layout.ts';
import { createFailureFiles } from './failure-file.ts';
import type { PluginFailure } from './plugin-failure.ts';

const id = 'a'.repeat(64);

function open(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'outboard-failure-'));
  t.after(() => rmSync(root, { recursive: true }));
  const layout = createPluginLayout(root);
  mkdirSync(layout.plugin(id).directory, { recursive: true });
  const logged: string[] = [];
  const logger = pino({}, { write: (line: string) => void logged.push(line) });
  return { files: createFailureFiles(layout, logger), path: layout.plugin(id).lastFailure, logged };
}

for (const [title, failure] of [
  ['an exit code', { exit: { code: 3, outOfMemory: false } }],
  ['a kill for want of memory', { exit: { code: 137, signal: 'SIGKILL', outOfMemory: true } }],
  ['an exit that nobody saw', { exit: { outOfMemory: false } }],
  ['a start that failed', {}],
] as const) {
  test(`a failure with ${title} is read as it was written`, async (t) => {
    const { files } = open(t);
    const whole: PluginFailure = {
      at: new Date(1_700_000_000_123),
      reason: 'why',
      log: ['a', ''],
      ...failure,
    };
    assert.equal(await files.read(id), undefined);
    await files.write(id, { ...whole, reason: 'the one before' });
    await files.write(id, whole);
    assert.deepEqual(await files.read(id), whole);
  });
}

test('the file is for root alone: what a plugin prints may be secret', async (t) => {
  const { files, path } = open(t);
  await files.write(id, { at: new Date(), reason: 'why', log: ['password'] });
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

for (const content of ['', '{', '{}', '{"at":"yesterday","reason":"x","log":[]}', 'null']) {
  test(`a damaged file (${content || 'empty'}) is no failure, and is logged`, async (t) => {
    const { files, path, logged } = open(t);
    writeFileSync(path, content);
    assert.equal(await files.read(id), undefined);
    assert.match(logged.join(''), /cannot read why a plugin last failed/);
  });
}

for (const text of [
  '{"at":"2026-08-01T12:00:00.123Z","reason":"why","exit":{"code":137,"signal":"SIGKILL","outOfMemory":true},"log":["a",""]}\n',
  '{"at":"2026-08-01T12:00:00.000Z","reason":"why","exit":{"outOfMemory":false},"log":[]}\n',
  '{"at":"2026-08-01T12:00:00.000Z","reason":"why","log":[]}\n',
]) {
  test(`a file that was written earlier is read, and written with the same bytes: ${text.trim()}`, async (t) => {
    const { files, path } = open(t);
    writeFileSync(path, text);
    const failure = await files.read(id);
    assert.ok(failure !== undefined);
    rmSync(path);
    await files.write(id, failure);
    assert.equal(readFileSync(path, 'utf8'), text);
  });
}
