import assert from 'node:assert/strict';
import { lstatSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { makeFifo } from '@outboard/container';
import { describeConsumer } from '../../references/consumer.ts';
import { createLogDirectories } from './log-directories.ts';

const id = 'a'.repeat(64);
const other = 'b'.repeat(64);

async function openDirectories(context: TestContext) {
  const home = await mkdtemp(join(tmpdir(), 'ob-logging-'));
  context.after(() => rm(home, { recursive: true }));
  const root = join(home, 'docker', 'logging');
  const directories = createLogDirectories(root);
  await directories.make(id);
  const fifo = (name: string) => {
    makeFifo(join(root, name), 0o600);
    return `/run/docker/logging/${name}`;
  };
  return { root, directories, fifo, shown: () => readdirSync(join(root, id)) };
}

describe('createLogDirectories()', () => {
  test('shows the FIFO itself to the one plugin, until it is hidden', async (context) => {
    const { root, directories, fifo, shown } = await openDirectories(context);
    await directories.make(other);
    const file = fifo('one');
    await directories.show(id, file);
    assert.equal(lstatSync(join(root, id, 'one')).ino, lstatSync(join(root, 'one')).ino);
    assert.deepEqual(readdirSync(join(root, other)), []);
    await directories.hide(id, file);
    await directories.hide(id, file);
    assert.deepEqual(shown(), []);
  });

  test('shows a FIFO again, and one that was made anew under the same name', async (context) => {
    const { root, directories, fifo } = await openDirectories(context);
    const file = fifo('one');
    for (const _ of ['first', 'second']) await directories.show(id, file);
    rmSync(join(root, 'one'));
    fifo('one');
    await directories.show(id, file);
    assert.equal(lstatSync(join(root, id, 'one')).ino, lstatSync(join(root, 'one')).ino);
  });

  test('refuses paths elsewhere, and files that are no FIFOs', async (context) => {
    const { root, directories } = await openDirectories(context);
    for (const file of ['', '/run/docker/logging', '/run/docker/logging/..', '/etc/passwd', 'one']) {
      await assert.rejects(directories.show(id, file), {
        kind: 'invalid',
        message: /want a path directly in/,
      });
    }
    writeFileSync(join(root, 'file'), '');
    await mkdir(join(root, 'directory'));
    for (const name of ['file', 'directory', 'absent']) {
      const file = `/run/docker/logging/${name}`;
      await assert.rejects(directories.show(id, file), { kind: 'invalid', message: /want a FIFO at/ });
    }
  });

  test('says how to help a plugin that runs without a directory', async (context) => {
    const { directories, fifo } = await openDirectories(context);
    await assert.rejects(directories.show(other, fifo('one')), {
      kind: 'unavailable',
      message: /was started without \/run\/docker\/logging: disable it, then enable it again$/,
    });
  });

  test('keeps FIFOs over a restart of the plugin, and removes an empty directory', async (context) => {
    const { directories, fifo, shown } = await openDirectories(context);
    const file = fifo('one');
    await directories.show(id, file);
    await directories.remove(id);
    await directories.make(id);
    assert.deepEqual(shown(), ['one']);
    await directories.hide(id, file);
    await directories.remove(id);
    await directories.remove(id);
    assert.throws(shown, { code: 'ENOENT' });
  });

  test('counts each FIFO as a use of its plugin, with the engine that writes to it', async (context) => {
    const { directories, fifo } = await openDirectories(context);
    const consumer = describeConsumer(process.pid);
    await directories.show(id, fifo('one'), consumer);
    await directories.show(id, fifo('two'));
    const uses = directories.uses(id).map((use) => [use.kind, use.holder, use.consumer]);
    assert.deepEqual(uses, [
      ['log', 'one', consumer],
      ['log', 'two', undefined],
    ]);
    assert.deepEqual(directories.uses(other), []);
    await directories.hide(id, '/run/docker/logging/one');
    await directories.hide(id, '/run/docker/logging/two');
    assert.deepEqual(directories.uses(id), []);
  });

  test('knows after a restart what is shown, but for FIFOs that the engine has removed', async (context) => {
    const { root, directories, fifo, shown } = await openDirectories(context);
    for (const name of ['gone', 'kept']) await directories.show(id, fifo(name));
    rmSync(join(root, 'gone'));
    const restarted = createLogDirectories(root);
    assert.deepEqual(restarted.uses(id), []);
    await restarted.restore([id, other]);
    assert.deepEqual(shown(), ['kept']);
    const [use, ...more] = restarted.uses(id);
    assert.deepEqual([use?.holder, use?.since, more], ['kept', lstatSync(join(root, 'kept')).ctime, []]);
  });

  test('releases FIFOs that the engine has removed, and those of an engine that has ended', async (context) => {
    const { root, directories, fifo, shown } = await openDirectories(context);
    const consumer = describeConsumer(process.pid);
    await directories.show(id, fifo('crashed'), { ...consumer, startTime: '1' });
    await directories.show(id, fifo('removed'), consumer);
    await directories.show(id, fifo('kept'), consumer);
    rmSync(join(root, 'removed'));
    await directories.removeReleased(id);
    assert.deepEqual(shown(), ['kept']);
    assert.deepEqual(
      directories.uses(id).map(({ holder }) => holder),
      ['kept'],
    );
  });
});
