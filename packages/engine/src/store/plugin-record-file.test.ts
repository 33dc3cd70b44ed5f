import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf, isOutboardError } from '@outboard/oci';
import { optionsOf } from '../config/options-in-force.ts';
import { recordFixture } from '../testing/record-fixture.ts';
import { pluginPaths } from './plugin-layout.ts';
import { readRecord, writeRecord } from './plugin-record-file.ts';

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'outboard-record-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('readRecord() reads back what writeRecord() wrote, private to root', () =>
  inFolder(async (folder) => {
    const record = recordFixture({ enabled: true, timeoutSeconds: 45 });
    const paths = pluginPaths(folder);
    await writeRecord(record, paths);
    assert.deepEqual(await readRecord(paths), record);
    assert.equal((await stat(paths.record)).mode & 0o777, 0o600);
  }));

test('readRecord() reads back what operator and author decided, and makes of both what is in force', () =>
  inFolder(async (folder) => {
    const { config } = recordFixture();
    const record = recordFixture({
      config: { ...config, authorOptions: { limits: { pids: 50, cpus: 1 } } },
      overrides: { limits: { pids: 0 }, restart: { name: 'no' } },
    });
    const paths = pluginPaths(folder);
    await writeRecord(record, paths);
    const read = await readRecord(paths);
    assert.deepEqual(read, record);
    assert.deepEqual(optionsOf(read), { limits: { cpus: 1 }, restart: { name: 'no' } });
  }));

test('readRecord() reads back the version before, with the options of its author', () =>
  inFolder(async (folder) => {
    const paths = pluginPaths(folder);
    const { config, settings, privileges, ...rest } = recordFixture();
    const { configDigest, manifestDigest, manifestMediaType, blobDigests } = rest;
    const previous = {
      pluginReference: 'docker.io/acme/p:1.0',
      config: { ...config, authorOptions: { stopTimeoutSeconds: 3 } },
      settings,
      privileges,
      overrides: { stopTimeoutSeconds: 4 },
      ...{ configDigest, manifestDigest, manifestMediaType, blobDigests },
    };
    const written = recordFixture({ previous });
    await writeRecord(written, paths);
    assert.deepEqual(await readRecord(paths), written);
    const { pluginReference: _, ...unnamed } = previous;
    await writeRecord({ ...written, previous: unnamed }, paths);
    assert.deepEqual((await readRecord(paths)).previous, unnamed);
  }));

test('readRecord() reads a record of a version that knew no options', () =>
  inFolder(async (folder) => {
    const paths = pluginPaths(folder);
    await writeRecord(recordFixture(), paths);
    const document = JSON.parse(await readFile(paths.record, 'utf8'));
    const { Options: _options, Checksum: _checksum, ...own } = document.Outboard;
    const Checksum = digestOf(Buffer.from(JSON.stringify({ ...document, Outboard: own })));
    await writeFile(paths.record, JSON.stringify({ ...document, Outboard: { ...own, Checksum } }));
    assert.deepEqual(await readRecord(paths), recordFixture());
  }));

test('writeRecord() writes the keys that Docker writes', () =>
  inFolder(async (folder) => {
    const paths = pluginPaths(folder);
    await writeRecord(recordFixture(), paths);
    const document = JSON.parse(await readFile(paths.record, 'utf8'));
    const { Outboard, ...dockers } = document;
    assert.deepEqual(Object.keys(dockers), [
      'plugin',
      'PropagatedMount',
      'Rootfs',
      'Config',
      'Blobsums',
      'Manifest',
      'SwarmServiceID',
    ]);
    assert.equal(document.plugin.Name, 'acme/p:latest');
    assert.equal(document.Rootfs, paths.rootfs);
    assert.equal(Outboard.Version, 1);
  }));

test('readRecord() takes over a record that Docker wrote', () =>
  inFolder(async (folder) => {
    const paths = pluginPaths(folder);
    const record = recordFixture();
    await writeRecord(record, paths);
    const { Outboard: _own, ...dockers } = JSON.parse(await readFile(paths.record, 'utf8'));
    await writeFile(paths.record, JSON.stringify({ ...dockers, Blobsums: null }));
    assert.deepEqual(await readRecord(paths), { ...record, blobDigests: [] });
  }));

for (const [damage, change] of [
  ['a changed name', (text: string) => text.replace('acme/p', 'acme/q')],
  ['an added privilege', (text: string) => text.replace('"Enabled":false', '"Enabled":true')],
  ['a cut', (text: string) => text.slice(0, -20)],
  ['no bytes', () => ''],
] as const) {
  test(`readRecord() refuses a record with ${damage}`, () =>
    inFolder(async (folder) => {
      const paths = pluginPaths(folder);
      await writeRecord(recordFixture(), paths);
      await writeFile(paths.record, change(await readFile(paths.record, 'utf8')));
      await assert.rejects(
        readRecord(paths),
        (error) => isOutboardError(error, 'system') && error.message.includes('is damaged'),
      );
    }));
}
