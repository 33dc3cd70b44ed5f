/**
 * A process that is killed within a mount or an unmount of a volume: the next one forgets no mount, and counts none that is
 * not. The plugin mounts real ext4 file systems.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openPluginEngine, type PluginEngine } from '@outboard/engine';
import { makeDaemonHome } from '../support/daemon.ts';
import { ext4Plugin, needsExt4 } from '../support/ext4-plugin.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';

const victim = fileURLToPath(new URL('victim.mjs', import.meta.url));

describe('a kill within a mount', { skip: needsRoot || needsExt4 }, () => {
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;
  let roots: { readonly dataRoot: string; readonly execRoot: string };
  let path: string;
  let id: string;

  before(async () => {
    home = await makeDaemonHome();
    roots = { dataRoot: join(home.home, 'data'), execRoot: join(home.home, 'run') };
    await withEngine(async (engine) => {
      ({ id } = await engine.create({ name: 'acme/ext4', context: pluginContext(ext4Plugin()) }));
      await engine.enable(id);
      await engine.volumes.create({ name: 'disk', driver: 'acme/ext4' });
      path = await engine.volumes.mount('disk', 'web');
      await engine.volumes.unmount('disk', 'web');
    });
  });
  after(async () => {
    await withEngine((engine) => engine.remove(id, { force: true }));
    await home.remove();
  });

  async function withEngine<Result>(work: (engine: PluginEngine) => Promise<Result>): Promise<Result> {
    await using engine = await openPluginEngine(roots);
    return await work(engine);
  }

  /** @returns number of changes of the journal, if the operation was completed before the kill */
  function runVictim(operation: 'mount' | 'unmount', killAt: number | null): Promise<number | undefined> {
    const request = { volume: 'disk', holder: 'web' };
    const job = JSON.stringify({
      ...roots,
      phase: 'operation',
      operation,
      request,
      killAt,
      within: '/run/mounts/',
    });
    return new Promise((resolve, reject) => {
      execFile(process.execPath, [victim, job], (error, stdout, stderr) => {
        if (error?.signal !== 'SIGKILL') return reject(new Error(`the victim was not killed: ${stderr}`));
        return resolve(stdout === '' ? undefined : Number(stdout));
      });
    });
  }

  const isMounted = () => existsSync(path) && statSync(path).dev !== statSync(roots.dataRoot).dev;

  /** The holders, once the engine has brought mounts and journal together. */
  function holders(): Promise<readonly string[]> {
    return withEngine(async (engine) => {
      // It waits for that, as every call does.
      await engine.volumes.inspect('disk');
      const references = engine.references.of(id);
      return references.flatMap(({ kind, holder }) => (kind === 'mount' ? [holder] : []));
    });
  }

  it('a completed mount is held by the next process, and a completed unmount is not', async () => {
    assert.equal(await runVictim('mount', null), 4);
    assert.ok(isMounted());
    assert.deepEqual(await holders(), ['disk/web']);
    assert.ok(isMounted());
    assert.equal(await runVictim('unmount', null), 4);
    assert.deepEqual(await holders(), []);
    assert.ok(!isMounted());
  });

  for (const isCalled of [false, true]) {
    const what = `${isCalled ? 'after' : 'before'} the call to its driver`;
    // A note in the journal is a write and a rename; there is one before each call and one after it.
    const killAt = isCalled ? 3 : 2;

    it(`a mount that is cut short ${what} is undone`, async () => {
      assert.equal(await runVictim('mount', killAt), undefined);
      assert.equal(isMounted(), isCalled);
      assert.deepEqual(await holders(), []);
      assert.ok(!isMounted(), 'a mount that nobody holds is left');
    });

    it(`an unmount that is cut short ${what} is completed, or was not begun`, async () => {
      await withEngine((engine) => engine.volumes.mount('disk', 'web'));
      assert.equal(await runVictim('unmount', killAt), undefined);
      assert.equal(isMounted(), !isCalled);
      const held = await holders();
      assert.equal(held.length > 0, isMounted(), `held by ${held}`);
      await withEngine((engine) => engine.volumes.unmount('disk', 'web'));
      assert.deepEqual(await holders(), []);
      assert.ok(!isMounted());
    });
  }
});
