/**
 * Before a plugin starts: everything that its host lacks at once, directories that are made, and waiting until it is ready.
 */
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { isOutboardError } from '@outboard/engine';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const name = 'acme/preflight:latest';

/** An engine with one plugin. */
async function openWith(context: TestContext, config: (home: string) => object): Promise<TestEngine> {
  const opened = await openTestEngine();
  context.after(() => opened[Symbol.asyncDispose]());
  const home = join(opened.dataRoot, '..');
  await opened.engine.create({ name, context: pluginContext({ config: { ...config(home) } }) });
  return opened;
}

function mount(Source: string | null, Destination: string) {
  return { Name: Destination.slice(1), Source, Destination, Type: 'bind', Options: ['rbind'] };
}

describe('preflight', { skip: needsRoot }, () => {
  test('enable tells everything that the host lacks, one finding a line, and changes nothing', async (context) => {
    const { engine, execRoot, dataRoot } = await openWith(context, (home) => ({
      Mounts: [mount(null, '/none'), mount(join(home, 'absent/a'), '/a')],
      Linux: { Devices: [{ Name: 'd', Path: '/dev/outboard-none' }] },
    }));
    await assert.rejects(engine.enable(name, { createMounts: true }), (error) => {
      assert.ok(isOutboardError(error, 'invalid'), String(error));
      assert.equal(error.code, 'preflight');
      assert.deepEqual(
        error.message.split('\n').map((line) => line.replace(/[;:] .*/, '')),
        [
          'mount source is not specified',
          'error gathering device information while adding custom device "/dev/outboard-none"',
        ],
      );
      return true;
    });
    assert.equal(
      existsSync(join(dataRoot, '../absent')),
      false,
      'a directory was made for a plugin that cannot start',
    );
    assert.equal(existsSync(join(execRoot, 'plugins')), false, 'something was begun');
    const found = await engine.preflight(name);
    assert.deepEqual(
      found.map(({ what }) => what),
      ['mount "none"', 'mount "a"', 'device "/dev/outboard-none"'],
    );
    assert.equal(engine.inspect(name).enabled, false);
  });

  test('enable makes missing directories when it is told to', async (context) => {
    const { engine, dataRoot } = await openWith(context, (home) => ({
      Mounts: [mount(join(home, 'made/deep'), '/a')],
    }));
    await assert.rejects(
      engine.enable(name),
      /^OutboardError: bind source path does not exist: .*--create-mounts/,
    );
    await engine.enable(name, { createMounts: true });
    const made = statSync(join(dataRoot, '../made/deep'));
    assert.deepEqual([made.isDirectory(), made.mode & 0o777, made.uid], [true, 0o755, 0]);
  });

  test('untilReady() resolves when someone enables the plugin, and at once when it runs', async (context) => {
    const { engine } = await openWith(context, () => ({}));
    const waiting = engine.untilReady(name);
    await engine.enable(name);
    await waiting;
    assert.equal(engine.state(name).status, 'running');
    await engine.untilReady(name);
  });

  test('untilReady() ends with the plugin, and with its signal', async (context) => {
    const { engine } = await openWith(context, () => ({}));
    await assert.rejects(engine.untilReady('acme/absent'), { kind: 'not-found' });
    await assert.rejects(
      engine.untilReady(name, { signal: AbortSignal.abort(new Error('enough')) }),
      /enough/,
    );
    const waiting = assert.rejects(engine.untilReady(name), { kind: 'not-found' });
    await engine.remove(name);
    await waiting;
  });
});
