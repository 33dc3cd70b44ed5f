import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import pino from 'pino';
import { recordFixture } from '../testing/record-fixture.ts';
import { layoutVersion, migrateLayout, requireKnownLayout } from './data-layout.ts';
import { createPluginLayout } from './plugin-layout.ts';
import { encodeRecord } from './plugin-record-document.ts';
import { readRecord } from './plugin-record-file.ts';

const logger = pino({ level: 'silent' });
const program = 'outboard/test';

async function withDataRoot(step: (dataRoot: string) => Promise<void>): Promise<void> {
  const dataRoot = mkdtempSync(join(tmpdir(), 'outboard-layout-'));
  try {
    await step(dataRoot);
  } finally {
    rmSync(dataRoot, { recursive: true });
  }
}

/** Write a record as Docker does. @returns its paths and its text */
function addRecord(dataRoot: string) {
  const record = recordFixture();
  const paths = createPluginLayout(dataRoot).plugin(record.id);
  const { Outboard: _own, ...document } = JSON.parse(encodeRecord(record, paths).toString());
  const text = JSON.stringify(document);
  mkdirSync(paths.directory, { recursive: true });
  writeFileSync(paths.record, text);
  return { record, paths, text, backup: join(dataRoot, `backups/layout-1/${record.id}.json`) };
}

const versionOf = (dataRoot: string) => JSON.parse(readFileSync(join(dataRoot, 'layout.json'), 'utf8'));
const current = { Version: layoutVersion, WrittenBy: program };

describe('migrateLayout()', () => {
  test('gives a record that has none a checksum, keeps a backup, and is done once', () =>
    withDataRoot(async (dataRoot) => {
      const { record, paths, text, backup } = addRecord(dataRoot);
      await migrateLayout({ dataRoot, program }, logger);
      assert.deepEqual(await readRecord(paths), record);
      assert.ok(JSON.parse(readFileSync(paths.record, 'utf8')).Outboard.Checksum);
      assert.equal(readFileSync(backup, 'utf8'), text);
      assert.deepEqual(versionOf(dataRoot), current);
      writeFileSync(paths.record, text);
      await migrateLayout({ dataRoot, program }, logger);
      assert.equal(readFileSync(paths.record, 'utf8'), text, 'it was migrated again');
    }));

  test('goes on after a kill, with the backup of the first time', () =>
    withDataRoot(async (dataRoot) => {
      const { record, paths, backup } = addRecord(dataRoot);
      mkdirSync(join(backup, '..'), { recursive: true });
      writeFileSync(backup, 'of the first time');
      await migrateLayout({ dataRoot, program }, logger);
      assert.equal(readFileSync(backup, 'utf8'), 'of the first time');
      assert.deepEqual(await readRecord(paths), record);
      rmSync(join(dataRoot, 'layout.json'));
      const before = readFileSync(paths.record, 'utf8');
      await migrateLayout({ dataRoot, program }, logger);
      assert.equal(readFileSync(paths.record, 'utf8'), before);
      assert.deepEqual(versionOf(dataRoot), current);
    }));

  test('leaves a damaged record as it is, and migrates the others', () =>
    withDataRoot(async (dataRoot) => {
      const { paths } = addRecord(dataRoot);
      const damaged = createPluginLayout(dataRoot).plugin('f'.repeat(64));
      mkdirSync(damaged.directory);
      writeFileSync(damaged.record, '{"plugin":');
      await migrateLayout({ dataRoot, program }, logger);
      assert.equal(readFileSync(damaged.record, 'utf8'), '{"plugin":');
      assert.ok(JSON.parse(readFileSync(paths.record, 'utf8')).Outboard);
    }));

  for (const [title, text] of [
    ['cut off', '{"Vers'],
    ['empty', ''],
    ['without a version', '{}'],
    ['null', 'null'],
  ] as const) {
    test(`writes a version file anew that is ${title}`, () =>
      withDataRoot(async (dataRoot) => {
        writeFileSync(join(dataRoot, 'layout.json'), text);
        await migrateLayout({ dataRoot, program }, logger);
        assert.deepEqual(versionOf(dataRoot), current);
      }));
  }

  test('starts without a version on a disk that takes no writes', () =>
    withDataRoot(async (dataRoot) => {
      const { paths, text } = addRecord(dataRoot);
      writeFileSync(join(dataRoot, 'backups'), 'no directory');
      await migrateLayout({ dataRoot, program }, logger);
      assert.equal(readFileSync(paths.record, 'utf8'), text);
      assert.ok(!existsSync(join(dataRoot, 'layout.json')));
    }));
});

test('requireKnownLayout() refuses a newer data root, with both versions, and changes nothing', () =>
  withDataRoot(async (dataRoot) => {
    const newer = { Version: layoutVersion + 1, WrittenBy: 'outboard/9.0.0', More: true };
    writeFileSync(join(dataRoot, 'layout.json'), JSON.stringify(newer));
    const { text, paths } = addRecord(dataRoot);
    const refusal = {
      kind: 'conflict',
      code: 'newer-data-root',
      message: /layout 3, last by outboard\/9\.0\.0.*outboard\/test knows layouts up to 2/,
    };
    await assert.rejects(requireKnownLayout({ dataRoot, program }), refusal);
    await assert.rejects(migrateLayout({ dataRoot, program }, logger), refusal);
    assert.deepEqual(readdirSync(dataRoot).sort(), ['layout.json', 'plugins']);
    assert.equal(readFileSync(paths.record, 'utf8'), text);
  }));
