import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { digestOf } from '@outboard/oci';
import { pino } from 'pino';
import type { PluginRecord } from '../config/plugin-config.ts';
import { recordFixture } from '../testing/record-fixture.ts';
import { createPluginLayout, type PluginLayout } from './plugin-layout.ts';
import { writeRecord } from './plugin-record-file.ts';
import { PluginStore } from './plugin-store.ts';

const needsRoot = process.getuid?.() === 0 ? false : 'needs root to make a file immutable';
const logger = pino({ level: 'silent' });
const [first, second] = ['1'.repeat(64), '2'.repeat(64)];

async function makeLayout(context: TestContext): Promise<PluginLayout> {
  const root = await mkdtemp(join(tmpdir(), 'outboard-store-'));
  context.after(() => rm(root, { recursive: true }));
  return createPluginLayout(root);
}

/** A plugin as it lies on disk. */
async function install(layout: PluginLayout, changes: Partial<PluginRecord>): Promise<PluginRecord> {
  const record = recordFixture(changes);
  await mkdir(layout.plugin(record.id).rootfs, { recursive: true });
  await writeRecord(record, layout.plugin(record.id));
  return record;
}

const namesIn = (store: PluginStore) =>
  store
    .all()
    .map(({ name }) => name)
    .sort();

test('PluginStore.open() finishes removals that were cut short', async (context) => {
  const layout = await makeLayout(context);
  await mkdir(join(layout.removing(first), 'rootfs'), { recursive: true });
  await PluginStore.open(layout, logger);
  assert.deepEqual(readdirSync(layout.pluginsDirectory), []);
});

test('V10 a removed plugin that cannot be deleted does not keep the others from loading', {
  skip: needsRoot,
}, async (context) => {
  const layout = await makeLayout(context);
  const stuck = join(layout.removing(first), 'stuck');
  await mkdir(layout.removing(first), { recursive: true });
  writeFileSync(stuck, '');
  await install(layout, { id: second, name: 'acme/p:latest' });
  execFileSync('chattr', ['+a', stuck]);
  try {
    assert.deepEqual(namesIn(await PluginStore.open(layout, logger)), ['acme/p:latest']);
    assert.ok(existsSync(stuck));
  } finally {
    execFileSync('chattr', ['-a', stuck]);
  }
  await PluginStore.open(layout, logger);
  assert.ok(!existsSync(stuck));
});

for (const isDamaged of [false, true]) {
  const which = isDamaged ? 'a damaged' : 'a sound';
  test(`V5 PluginStore.open() deletes every write that was cut short of ${which} plugin`, async (context) => {
    const layout = await makeLayout(context);
    await install(layout, { id: first });
    const { directory, record, references, lastFailure, upgradeJournal } = layout.plugin(first);
    if (isDamaged) writeFileSync(record, '{"plug');
    for (const path of [record, references, lastFailure, upgradeJournal]) {
      writeFileSync(join(directory, `.${basename(path)}.0123456789abcdef.unfinished`), '{"plug');
    }
    await PluginStore.open(layout, logger);
    assert.deepEqual(readdirSync(directory).sort(), ['config.json', 'rootfs']);
  });
}

test('V10 a plugin whose record is damaged is kept apart and left alone, with everything that may be its', async (context) => {
  const layout = await makeLayout(context);
  await install(layout, { id: first, name: 'acme/good:latest' });
  await install(layout, { id: second, name: 'acme/bad:latest' });
  const stray = digestOf(Buffer.from('stray'));
  assert.equal((await PluginStore.open(layout, logger)).isReferenced(stray), false);
  writeFileSync(layout.plugin(second).record, '{"plugin":');
  const store = await PluginStore.open(layout, logger);
  assert.deepEqual(namesIn(store), ['acme/good:latest']);
  assert.deepEqual(
    store.damaged().map(({ id, reason }) => [id, /is damaged/.test(reason)]),
    [[second, true]],
  );
  assert.deepEqual(readdirSync(layout.plugin(second).directory).sort(), ['config.json', 'rootfs']);
  assert.equal(store.isReferenced(stray), true);
});

test('V6 of two plugins with one name only one is loaded', async (context) => {
  const layout = await makeLayout(context);
  await install(layout, { id: first, name: 'acme/p:latest' });
  await install(layout, { id: second, name: 'acme/p:latest' });
  const store = await PluginStore.open(layout, logger);
  assert.deepEqual(namesIn(store), ['acme/p:latest']);
  assert.ok(existsSync(layout.plugin(first).record) && existsSync(layout.plugin(second).record));
});
