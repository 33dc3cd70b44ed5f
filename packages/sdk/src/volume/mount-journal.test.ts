import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { MountJournal } from './mount-journal.ts';

describe('MountJournal', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outboard-journal-'));
    file = join(folder, 'state', 'mounts.json');
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('holds a volume until as many mounts of an ID are gone as came', async () => {
    const journal = await MountJournal.open(file, 'boot');
    await journal.add('v', 'c1');
    await journal.add('v', 'c1');
    assert.equal(journal.isLast('v', 'c1'), false);
    await journal.subtract('v', 'c1');
    assert.equal(journal.isLast('v', 'c1'), true);
    await journal.subtract('v', 'c1');
    assert.deepEqual(journal.held(), []);
  });

  test('is not at the last mount while another ID holds the volume', async () => {
    const journal = await MountJournal.open(file, 'boot');
    await journal.add('v', 'c1');
    await journal.add('v', 'c2');
    assert.equal(journal.isLast('v', 'c1'), false);
  });

  test('remembers counts over a restart', async () => {
    const before = await MountJournal.open(file, 'boot');
    await Promise.all([before.add('v', 'c1'), before.add('v', 'c1'), before.add('__proto__', 'constructor')]);
    const after = await MountJournal.open(file, 'boot');
    assert.deepEqual([...after.held()].sort(), ['__proto__', 'v']);
    await after.subtract('v', 'c1');
    assert.equal(after.isLast('v', 'c1'), true);
  });

  test('forgets what an earlier boot counted', async () => {
    await (await MountJournal.open(file, 'boot 1')).add('v', 'c1');
    assert.deepEqual((await MountJournal.open(file, 'boot 2')).held(), []);
  });

  test('leaves no temporary file', async () => {
    await (await MountJournal.open(file, 'boot')).add('v', 'c1');
    assert.deepEqual(await readdir(join(folder, 'state')), ['mounts.json']);
  });

  test('counts nothing when the disk refuses', async () => {
    const journal = await MountJournal.open(file, 'boot');
    await rm(join(folder, 'state'), { recursive: true });
    await assert.rejects(journal.add('v', 'c1'), /ENOENT/);
    assert.equal(journal.isHeld('v'), false);
  });

  test('works without a file', async () => {
    const journal = await MountJournal.open(undefined, 'boot');
    await journal.add('v', 'c1');
    assert.equal(journal.isHeldBy('v', 'c1'), true);
  });

  for (const [name, content] of [
    ['half a file', '{"bootId":"boot","mounts":{"v":'],
    ['a negative count', '{"bootId":"boot","mounts":{"v":{"c":-1}}}'],
    ['a list', '[]'],
    ['nothing in it', ''],
  ] as const) {
    test(`refuses a file with ${name} and leaves it alone`, async () => {
      await MountJournal.open(file, 'boot');
      await writeFile(file, content);
      await assert.rejects(MountJournal.open(file, 'boot'), /mounts\.json": it is damaged/);
      assert.equal(await readFile(file, 'utf8'), content);
    });
  }
});
