import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { MountJournal } from './mount-journal.ts';

describe('MountJournal', () => {
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'outboard-journal-'));
    file = join(directory, 'state', 'mounts.json');
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('keeps a volume mounted until each mount of an ID has been undone', async () => {
    const journal = await MountJournal.open(file, 'boot');
    await journal.add('v', 'c1');
    await journal.add('v', 'c1');
    assert.equal(journal.isLastMount('v', 'c1'), false);
    await journal.subtract('v', 'c1');
    assert.equal(journal.isLastMount('v', 'c1'), true);
    await journal.subtract('v', 'c1');
    assert.deepEqual(journal.mountedVolumes(), []);
  });

  test('does not report the last mount while another ID has mounted the volume', async () => {
    const journal = await MountJournal.open(file, 'boot');
    await journal.add('v', 'c1');
    await journal.add('v', 'c2');
    assert.equal(journal.isLastMount('v', 'c1'), false);
  });

  test('keeps counts across a restart', async () => {
    const before = await MountJournal.open(file, 'boot');
    await Promise.all([before.add('v', 'c1'), before.add('v', 'c1'), before.add('__proto__', 'constructor')]);
    const after = await MountJournal.open(file, 'boot');
    assert.deepEqual([...after.mountedVolumes()].sort(), ['__proto__', 'v']);
    await after.subtract('v', 'c1');
    assert.equal(after.isLastMount('v', 'c1'), true);
  });

  test('drops counts of an earlier boot', async () => {
    await (await MountJournal.open(file, 'boot 1')).add('v', 'c1');
    assert.deepEqual((await MountJournal.open(file, 'boot 2')).mountedVolumes(), []);
  });

  test('leaves no temporary file', async () => {
    await (await MountJournal.open(file, 'boot')).add('v', 'c1');
    assert.deepEqual(await readdir(join(directory, 'state')), ['mounts.json']);
  });

  test('counts nothing when the file cannot be written', async () => {
    const journal = await MountJournal.open(file, 'boot');
    await rm(join(directory, 'state'), { recursive: true });
    await assert.rejects(journal.add('v', 'c1'), /ENOENT/);
    assert.equal(journal.isMounted('v'), false);
  });

  test('works without a file', async () => {
    const journal = await MountJournal.open(undefined, 'boot');
    await journal.add('v', 'c1');
    assert.equal(journal.isMountedBy('v', 'c1'), true);
  });

  for (const [name, content] of [
    ['truncated JSON', '{"bootId":"boot","mounts":{"v":'],
    ['a negative count', '{"bootId":"boot","mounts":{"v":{"c":-1}}}'],
    ['a list', '[]'],
    ['no content', ''],
  ] as const) {
    test(`refuses a file with ${name} and leaves it alone`, async () => {
      await MountJournal.open(file, 'boot');
      await writeFile(file, content);
      await assert.rejects(MountJournal.open(file, 'boot'), /mounts\.json": it is damaged/);
      assert.equal(await readFile(file, 'utf8'), content);
    });
  }
});
