import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { createKeyedQueue, type KeyedQueue } from '@outboard/async';
import { isOutboardError } from '@outboard/oci';
import { pino } from 'pino';
import { createPluginLayout, type PluginLayout } from '../store/plugin-layout.ts';
import { writeRecord } from '../store/plugin-record-file.ts';
import { PluginStore } from '../store/plugin-store.ts';
import { recordFixture } from '../testing/record-fixture.ts';
import { isHolder, type PluginReference } from './plugin-references.ts';
import { referenceFile } from './reference-file.ts';
import { refuseInUse } from './refuse-in-use.ts';
import { openStoredReferences, type StoredReferences } from './stored-references.ts';

const record = recordFixture();
const { id } = record;
let home: string;
let layout: PluginLayout;
let queue: KeyedQueue;
let log: string[];
let seconds: number;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'outboard-uses-'));
  layout = createPluginLayout(home);
  await mkdir(layout.plugin(id).rootfs, { recursive: true });
  await writeRecord(record, layout.plugin(id));
  queue = createKeyedQueue();
  log = [];
  seconds = 0;
});
afterEach(() => rm(home, { recursive: true }));

/** References as a new daemon reads them. */
async function open(): Promise<StoredReferences> {
  const logger = pino({ level: 'error' }, { write: (line: string) => void log.push(line) });
  const store = await PluginStore.open(layout, logger);
  // Later each time.
  const now = () => new Date(Date.UTC(2026, 7, 1, 12, 0, seconds++));
  return openStoredReferences({ store, queue, logger, clock: { now } });
}

const show = (references: readonly PluginReference[]) =>
  references.map(({ kind, holder }) => `${kind} ${holder}`);

test('references are kept until they are removed, each once, and survive the daemon', async () => {
  const references = await open();
  await references.add(id, { kind: 'client', holder: 'podman' });
  await references.add(id, { kind: 'mount', holder: 'data/3f2a' });
  await references.add(id, { kind: 'client', holder: 'podman' });
  const [first] = references.of(id);
  assert.deepEqual(first, { kind: 'client', holder: 'podman', since: new Date('2026-08-01T12:00:00Z') });
  const reopened = await open();
  assert.deepEqual(reopened.of(id), references.of(id));
  assert.deepEqual(show(reopened.of(id)), ['client podman', 'mount data/3f2a']);
  await reopened.remove(id, { kind: 'client', holder: 'data/3f2a' }); // another kind: no change
  await reopened.remove(id, { kind: 'client', holder: 'podman' });
  await reopened.remove(id, { kind: 'client', holder: 'podman' });
  assert.deepEqual(show((await open()).of(id)), ['mount data/3f2a']);
});

test('concurrent calls of add() and remove() are all kept', async () => {
  const references = await open();
  const holders = Array.from({ length: 20 }, (_, index) => `h${index}`);
  await Promise.all(holders.map((holder) => references.add(id, { kind: 'client', holder })));
  await Promise.all(holders.slice(0, 10).map((holder) => references.remove(id, { kind: 'client', holder })));
  assert.deepEqual(
    show((await open()).of(id)),
    holders.slice(10).map((holder) => `client ${holder}`),
  );
});

test('no reference is added while an operation on the plugin runs', async () => {
  const references = await open();
  let finish = () => {};
  const operation = queue.run(id, () => new Promise<void>((resolve) => (finish = resolve)));
  const held = references.add(id, { kind: 'client', holder: 'podman' });
  await new Promise(setImmediate);
  assert.deepEqual(references.of(id), []);
  finish();
  await Promise.all([operation, held]);
  assert.deepEqual(show(references.of(id)), ['client podman']);
});

test('references of other stores are computed at each call, and sorted among the stored ones by age', async () => {
  const references = await open();
  await references.add(id, { kind: 'client', holder: 'podman' });
  let volumes: PluginReference[] = [
    { kind: 'volume', holder: 'old', since: new Date('2020-01-01T00:00:00Z') },
  ];
  references.addSource((pluginId) => (pluginId === id ? volumes : []));
  assert.deepEqual(show(references.of(id)), ['volume old', 'client podman']);
  assert.deepEqual(references.of('f'.repeat(64)), []);
  volumes = [];
  assert.deepEqual(show(references.of(id)), ['client podman']);
  assert.doesNotMatch(await readFile(layout.plugin(id).references, 'utf8'), /"old"/);
});

test('a missing plugin gets no reference, and nothing is written', async () => {
  const references = await open();
  const other = 'f'.repeat(64);
  await assert.rejects(references.add(other, { kind: 'client', holder: 'podman' }), { kind: 'not-found' });
  await references.remove(other, { kind: 'client', holder: 'podman' });
  assert.deepEqual(await readdir(layout.pluginsDirectory), [id]);
});

test('a reference that cannot be written is not added', async () => {
  const references = await open();
  await mkdir(layout.plugin(id).references); // where the file would go
  await assert.rejects(references.add(id, { kind: 'client', holder: 'podman' }), { kind: 'system' });
  assert.deepEqual(references.of(id), []);
});

test('the number of references to a plugin has a limit', async () => {
  const since = new Date('2026-08-01T12:00:00.000Z');
  const many = Array.from(
    { length: 4096 },
    (_, index) => ({ kind: 'client', holder: `h${index}`, since }) as const,
  );
  await referenceFile.commit(layout.plugin(id).references, { references: many }, assert.fail);
  const references = await open();
  await references.add(id, { kind: 'client', holder: 'h7' });
  await assert.rejects(references.add(id, { kind: 'client', holder: 'one more' }), {
    kind: 'conflict',
    message: 'plugin acme/p:latest is held 4096 times, the most there may be',
  });
});

for (const [title, text] of [
  ['empty', ''],
  ['cut off', '{"Version":1,"Uses":[{"Kind":"cli'],
  ['changed', '{"Version":1,"Uses":[],"Checksum":"sha256:0"}\n'],
] as const) {
  test(`V10 a file that is ${title} is logged and renamed, and the plugin stays`, async () => {
    const path = layout.plugin(id).references;
    await writeFile(path, text);
    const references = await open();
    assert.deepEqual(references.of(id), []);
    assert.match(log.join(''), /cannot read the references to a plugin: it counts as unused/);
    assert.equal(await readFile(`${path}.damaged`, 'utf8'), text);
    await references.add(id, { kind: 'client', holder: 'podman' });
    assert.deepEqual(show((await open()).of(id)), ['client podman']);
    assert.ok((await readdir(dirname(path))).includes('uses.json.damaged'), 'the damaged file is kept');
  });
}

for (const [holder, isOne] of [
  ['v', true],
  ['data/3f2a', true],
  ['ein Gerät ✓', true],
  ['x'.repeat(255), true],
  ['', false],
  ['x'.repeat(256), false],
  [' v', false],
  ['a\nb', false],
  ['a\u001b[31m', false],
  ['a\u202eb', false],
  ['a\u2028b', false],
  ['a\ud800', false],
] as const) {
  test(`D15 ${JSON.stringify(holder.slice(0, 20))} ${isOne ? 'can' : 'cannot'} name a holder`, async () => {
    assert.equal(isHolder(holder), isOne);
    const held = (await open()).add(id, { kind: 'client', holder });
    if (isOne) await held;
    else await assert.rejects(held, (error) => isOutboardError(error, 'invalid'));
  });
}

test('a refusal names up to five references, the oldest first, after the text of Docker', () => {
  const references = Array.from({ length: 7 }, (_, index): PluginReference => {
    return { kind: 'volume', holder: `v${index}`, since: new Date(Date.UTC(2026, 0, index + 1)) };
  });
  const refusal = (count: number) => () => refuseInUse(record, { of: () => references.slice(0, count) });
  refusal(0)();
  assert.throws(refusal(1), {
    kind: 'conflict',
    code: 'in-use',
    message: 'plugin acme/p:latest is in use: volume v0 (since 2026-01-01T00:00:00.000Z)',
  });
  assert.throws(refusal(5), /v3 \(since [^)]*\), volume v4 \(since 2026-01-05T00:00:00.000Z\)$/);
  assert.throws(refusal(7), /volume v4 \(since 2026-01-05T00:00:00.000Z\) and 2 more$/);
});

test('a file that was written earlier is read, and written with the same bytes', async () => {
  const written =
    '{"Version":1,"Uses":[{"Kind":"mount","Holder":"data/3f2a","Since":"2026-08-01T12:00:00.123Z"},' +
    '{"Kind":"client","Holder":"podman","Since":"2026-08-01T12:00:01.000Z"}],"Checksum":"sha256:6c6ffda0e353f95152015b34b3f556d634856e5e4892114eabfe5bf4305b9e57"}\n';
  const path = layout.plugin(id).references;
  await writeFile(path, written);
  const references = await open();
  await references.add(id, { kind: 'client', holder: 'other' });
  assert.notEqual(await readFile(path, 'utf8'), written);
  await references.remove(id, { kind: 'client', holder: 'other' });
  assert.equal(await readFile(path, 'utf8'), written);
});
