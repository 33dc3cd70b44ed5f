/**
 * Plugins of others, packed from Debian's programs, run under the engine: their volumes are real mounts, which the host
 * sees.
 */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { ext4Plugin, needsExt4 } from '../support/ext4-plugin.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { localRemote, makeRclonePlugin, needsRclone } from '../support/rclone-plugin.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

describe('plugins packed from programs of Debian', { skip: needsRoot }, () => {
  let subject: TestEngine;
  before(async () => {
    subject = await openTestEngine();
  });
  after(() => subject[Symbol.asyncDispose]());

  /** Mount a volume, write a file through its host path, and check that the path is a mount of its own. */
  async function writeThrough(volume: string): Promise<string> {
    const path = await subject.engine.volumes.mount(volume, 'me');
    assert.notEqual(statSync(path).dev, statSync(dirname(path)).dev, `nothing is mounted at ${path}`);
    await writeFile(join(path, 'hello'), 'world');
    return path;
  }

  it('ext4 on a loop device: a file is written through the host path, and is back after another mount', {
    skip: needsExt4,
  }, async () => {
    const { engine } = subject;
    await engine.create({ name: 'acme/ext4', context: pluginContext(ext4Plugin()) });
    await engine.enable('acme/ext4');
    await engine.volumes.create({ name: 'disk', driver: 'acme/ext4' });
    const path = await writeThrough('disk');
    await engine.volumes.unmount('disk', 'me');
    assert.equal(statSync(path).dev, statSync(dirname(path)).dev, 'the volume is still mounted');
    assert.equal(await readFile(join(await engine.volumes.mount('disk', 'me'), 'hello'), 'utf8'), 'world');
    await engine.volumes.unmount('disk', 'me');
    await engine.volumes.remove('disk');
  });

  it('rclone with its local backend: a file written through the host path is in the store', {
    skip: needsRclone,
  }, async () => {
    const { engine } = subject;
    const { archive, store } = makeRclonePlugin({ home: join(subject.execRoot, '..', 'rclone') });
    await engine.create({ name: 'acme/rclone', context: Readable.from([archive]) });
    await engine.enable('acme/rclone');
    await engine.volumes.create({ name: 'cloud', driver: 'acme/rclone', options: localRemote('cloud') });
    await writeThrough('cloud');
    await engine.volumes.unmount('cloud', 'me');
    assert.equal(await readFile(join(store, 'cloud', 'hello'), 'utf8'), 'world');
    await engine.volumes.remove('cloud');
  });
});
