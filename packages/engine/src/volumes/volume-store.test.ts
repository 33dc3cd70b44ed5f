import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createKeyedQueue } from '@outboard/async';
import fc from 'fast-check';
import { pino } from 'pino';
import { findDamagedRecords } from './damaged-records.ts';
import {
  commitVolumeRecord,
  readVolumeRecord,
  type VolumeRecord,
  volumeRecordFile,
} from './volume-record.ts';
import { VolumeStore } from './volume-store.ts';

const logger = pino({ level: 'silent' });
const failUnflushed = (error: Error): never => assert.fail(error);

async function makeDirectory(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-volumes-'));
  context.after(() => rm(directory, { recursive: true }));
  return directory;
}

function recordOf(name: string, changes: Partial<VolumeRecord> = {}): VolumeRecord {
  return { name, driver: 'acme/p:latest', createdAt: new Date(1_700_000_000_123), ...changes };
}

test('the record of a volume that was damaged under a running engine is found, and written again', async (context) => {
  const directory = await makeDirectory(context);
  const store = await VolumeStore.open(directory, logger);
  await store.put(recordOf('sound'));
  await store.put(recordOf('damaged'));
  const path = volumeRecordFile(directory, 'damaged');
  const before = readFileSync(path);
  const find = () => findDamagedRecords({ store, queue: createKeyedQueue() });
  assert.deepEqual(await find(), []);
  for (const damage of [() => writeFileSync(path, before.subarray(0, 40)), () => rmSync(path)]) {
    damage();
    const [found, ...others] = await find();
    assert.deepEqual([found?.path, others], [path, []]);
    await found?.rewrite();
    assert.deepEqual(readFileSync(path), before);
  }
});

const namesIn = (store: VolumeStore) => store.all().map(({ name }) => name);

test('a record reads back as it was written, whatever its texts are', async (context) => {
  const directory = await makeDirectory(context);
  const map = fc
    .array(fc.tuple(fc.oneof(fc.string(), fc.constant('__proto__')), fc.string({ unit: 'binary' })), {
      maxLength: 4,
    })
    .map((pairs) => new Map(pairs));
  const records = fc.record(
    { name: fc.string({ minLength: 1 }), driver: fc.string(), labels: map, options: map },
    { requiredKeys: ['name', 'driver'] },
  );
  await fc.assert(
    fc.asyncProperty(records, async (texts) => {
      const record = { ...texts, createdAt: new Date(1_700_000_000_123) };
      await commitVolumeRecord(directory, record, failUnflushed);
      assert.deepEqual(await readVolumeRecord(volumeRecordFile(directory, record.name)), record);
    }),
    { numRuns: 50 },
  );
});

test('VolumeStore remembers over a restart, and nothing of what was removed', async (context) => {
  const directory = await makeDirectory(context);
  const store = await VolumeStore.open(directory, logger);
  const record = recordOf('a/../b', { options: new Map([['password', 'secret']]) });
  await store.put(record);
  await store.put(recordOf('gone'));
  await store.remove('gone');
  await store.remove('never there');
  const again = await VolumeStore.open(directory, logger);
  assert.deepEqual(again.all(), [record]);
  assert.deepEqual(again.ofDriver('acme/p:latest'), [record]);
});

test('VolumeStore keeps the volumes of each driver apart, also when one changes its driver', async (context) => {
  const store = await VolumeStore.open(await makeDirectory(context), logger);
  await store.put(recordOf('a'));
  await store.put(recordOf('b', { driver: 'other' }));
  assert.deepEqual([...store.drivers()].sort(), ['acme/p:latest', 'other']);
  await store.put(recordOf('a', { driver: 'other' }));
  assert.deepEqual(store.drivers(), ['other']);
  assert.deepEqual(store.ofDriver('acme/p:latest'), []);
  assert.equal(store.ofDriver('other').length, 2);
});

test('D16 the files of volumes are for root only: options may be secret', async (context) => {
  const directory = join(await makeDirectory(context), 'volumes');
  await (await VolumeStore.open(directory, logger)).put(recordOf('a'));
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  assert.equal(statSync(volumeRecordFile(directory, 'a')).mode & 0o777, 0o600);
});

const damages: readonly [what: string, damage: (text: string) => string][] = [
  ['cut short', (text) => text.slice(0, -10)],
  ['empty', () => ''],
  ['changed in one character', (text) => text.replace('acme', 'acne')],
  ['of a later version', (text) => text.replace('"Version":1', '"Version":2')],
];
for (const [what, damage] of damages) {
  test(`V10 a record that is ${what} is put aside, and the others are loaded`, async (context) => {
    const directory = await makeDirectory(context);
    await commitVolumeRecord(directory, recordOf('good'), failUnflushed);
    await commitVolumeRecord(directory, recordOf('bad'), failUnflushed);
    const path = volumeRecordFile(directory, 'bad');
    const damaged = damage(readFileSync(path, 'utf8'));
    writeFileSync(path, damaged);
    assert.deepEqual(namesIn(await VolumeStore.open(directory, logger)), ['good']);
    assert.equal(readFileSync(`${path}.damaged`, 'utf8'), damaged);
    assert.deepEqual(namesIn(await VolumeStore.open(directory, logger)), ['good'], 'and again');
  });
}

test('a record under the name of another volume counts as damaged', async (context) => {
  const directory = await makeDirectory(context);
  await commitVolumeRecord(directory, recordOf('a'), failUnflushed);
  writeFileSync(volumeRecordFile(directory, 'b'), readFileSync(volumeRecordFile(directory, 'a')));
  assert.deepEqual(namesIn(await VolumeStore.open(directory, logger)), ['a']);
});

test('V5 a change of a record that was cut off is deleted, and strange files are left alone', async (context) => {
  const directory = await makeDirectory(context);
  writeFileSync(join(directory, '.x.json.0123456789abcdef.unfinished'), '{');
  writeFileSync(join(directory, 'README'), 'hello');
  assert.deepEqual(namesIn(await VolumeStore.open(directory, logger)), []);
  assert.deepEqual(readdirSync(directory), ['README']);
});

const writtenRecords: readonly (readonly [name: string, text: string])[] = [
  [
    'data',
    '{"Version":1,"Name":"data","Driver":"acme/p:latest","Labels":[["a","1"],["__proto__",""]],"Options":null,' +
      '"CreatedAt":"2026-08-01T12:00:00.123Z","Checksum":"sha256:cccbdaf9f05773233a75235902ca9549fc6a2389c591d5cf37caf645db7bc0ef"}\n',
  ],
  [
    'bare',
    '{"Version":1,"Name":"bare","Driver":"acme/p:latest","Labels":null,"Options":[],' +
      '"CreatedAt":"2026-08-01T12:00:00.000Z","Checksum":"sha256:e2a3785d75e35ea4ccf84555faf7588264f822b01fea81b0e49dd9eded45abfb"}\n',
  ],
];
for (const [name, text] of writtenRecords) {
  test(`the record of volume ${name} that was written earlier is read, and written with the same bytes`, async (context) => {
    const directory = await makeDirectory(context);
    const path = volumeRecordFile(directory, name);
    writeFileSync(path, text);
    const record = await readVolumeRecord(path);
    rmSync(path);
    await commitVolumeRecord(directory, record, failUnflushed);
    assert.equal(readFileSync(path, 'utf8'), text);
  });
}
