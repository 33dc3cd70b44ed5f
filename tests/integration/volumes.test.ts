/**
 * Volumes of real plugins in containers: their place on the host, their lifetime, and plugins that hang.
 */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { pidOfPlugin } from '../support/running-plugins.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';
import { volumePlugin } from '../support/volume-plugin.ts';

describe('volumes of plugins in containers', { skip: needsRoot }, () => {
  let subject: TestEngine;
  beforeEach(async () => {
    subject = await openTestEngine();
  });
  afterEach(async () => {
    await subject[Symbol.asyncDispose]();
  });

  async function enablePlugin(name: string): Promise<string> {
    const { id } = await subject.engine.create({ name, context: pluginContext(volumePlugin) });
    await subject.engine.enable(name);
    return id;
  }

  const names = async () => (await subject.engine.volumes.list()).volumes.map(({ name }) => name);

  it('a mounted volume is at the reported path, and its content persists after plugin and engine stop', async () => {
    const id = await enablePlugin('acme/p');
    const labels = new Map([['team', 'a']]);
    const { mountpoint } = await subject.engine.volumes.create({ name: 'data', driver: 'acme/p', labels });
    const path = await subject.engine.volumes.mount('data', 'me');
    assert.equal(path, join(subject.dataRoot, 'plugins', id, 'propagated-mount', 'data'));
    assert.equal(mountpoint, path);
    await writeFile(join(path, 'hello'), 'world');
    await subject.engine.volumes.unmount('data', 'me');
    await subject.engine.disable('acme/p', { force: true });
    await subject.reopen();
    await subject.engine.enable('acme/p');
    assert.deepEqual((await subject.engine.volumes.inspect('data')).labels, labels);
    const again = await subject.engine.volumes.mount('data', 'me');
    assert.equal(await readFile(join(again, 'hello'), 'utf8'), 'world');
    await subject.engine.volumes.unmount('data', 'me');
    await subject.engine.volumes.remove('data');
    await assert.rejects(stat(again), { code: 'ENOENT' });
  });

  it('volumes and mounts are references to their plugin, also after a restart of the engine, and are named in errors', async () => {
    await enablePlugin('acme/p');
    await subject.engine.volumes.create({ name: 'data', driver: 'acme/p' });
    await subject.engine.volumes.mount('data', 'me');
    await subject.reopen();
    const inUse = {
      kind: 'conflict',
      message:
        /^plugin acme\/p:latest is in use: volume data \(since [^)]+\), volume data mounted with ID me \(since [^)]+\)$/,
    };
    await assert.rejects(subject.engine.disable('acme/p'), inUse);
    await assert.rejects(subject.engine.remove('acme/p'), inUse);
    await assert.rejects(subject.engine.volumes.remove('data'), {
      message: /volume is in use - \[me\]: volume data mounted with ID me \(since [^)]+\)$/,
    });
    await subject.engine.volumes.unmount('data', 'me');
    await subject.engine.volumes.remove('data');
    await subject.engine.disable('acme/p');
  });

  it('S04 a hanging plugin delays no call to another, and its volumes are listed with a warning', async () => {
    const hung = pidOfPlugin(subject.execRoot, await enablePlugin('acme/hung'));
    await enablePlugin('acme/p');
    await subject.engine.volumes.create({ name: 'stuck', driver: 'acme/hung' });
    process.kill(hung, 'SIGSTOP');
    try {
      const list = subject.engine.volumes.list();
      const abort = new AbortController();
      const inspect = subject.engine.volumes.inspect('stuck', { signal: abort.signal });
      const cancelled = assert.rejects(inspect, { name: 'AbortError' });
      // All of these end while the others wait.
      await subject.engine.volumes.create({ name: 'data', driver: 'acme/p' });
      await subject.engine.volumes.inspect('data');
      await subject.engine.volumes.mount('data', 'me');
      await subject.engine.volumes.unmount('data', 'me');
      await subject.engine.volumes.remove('data');
      abort.abort();
      await cancelled;
      const { volumes, warnings } = await list;
      assert.ok(
        volumes.some(({ name, mountpoint }) => name === 'stuck' && mountpoint === ''),
        `the volume of the hung plugin is missing: ${JSON.stringify(volumes)}`,
      );
      assert.deepEqual(warnings, ['list acme/hung:latest: no answer within 10 s']);
    } finally {
      process.kill(hung, 'SIGCONT');
    }
    assert.deepEqual(await names(), ['stuck']);
  });

  it('volumes of a plugin removed by force can be removed, and created with another plugin', async () => {
    await enablePlugin('acme/p');
    await subject.engine.volumes.create({ name: 'data', driver: 'acme/p' });
    await subject.engine.remove('acme/p', { force: true });
    await subject.reopen();
    const { warnings } = await subject.engine.volumes.list();
    assert.deepEqual(warnings, [
      'list acme/p:latest: error looking up volume plugin acme/p:latest: plugin "acme/p:latest" not found',
    ]);
    assert.deepEqual(await names(), ['data']);
    await subject.engine.volumes.remove('data', { force: true });
    await enablePlugin('acme/other');
    await subject.engine.volumes.create({ name: 'data', driver: 'acme/other' });
    assert.deepEqual(await names(), ['data']);
  });

  it('I12 a volume behind a link to the host is refused, and can still be removed', async () => {
    await enablePlugin('acme/p');
    const { volumes } = subject.engine;
    assert.equal((await volumes.create({ name: 'escaping-1', driver: 'acme/p' })).mountpoint, '');
    await assert.rejects(volumes.inspect('escaping-1'), { code: 'path-escapes' });
    await assert.rejects(volumes.mount('escaping-1', 'me'), { code: 'path-escapes' });
    await volumes.remove('escaping-1');
    assert.deepEqual(await names(), []);
  });
});
