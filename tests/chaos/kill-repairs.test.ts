/**
 * `outboard fsck --repair` is killed directly before one change of the disk or the host, for each change in turn. Whatever it had
 * repaired by then, the next repair mends the rest: from stored layers, and from the registry. Another plugin runs on.
 * `OUTBOARD_KILLS` sets the number of points; `OUTBOARD_SEED` repeats the choice.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type DataCheckRequest, openPluginEngine, type PluginEngine } from '@outboard/engine';
import { makeDaemonHome } from '../support/daemon.ts';
import { checkDataRoot, readStoredPlugins, type StoredPlugin } from '../support/data-root.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPlugin } from '../support/perl-plugin.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { untilOnlyPluginsRun, untilPluginAccepts } from '../support/running-plugins.ts';
import { chooseSeed, seededRandom } from '../support/seeded-random.ts';

const seed = chooseSeed();
const random = seededRandom(seed);
const points = Number(process.env.OUTBOARD_KILLS ?? 3);
const victim = fileURLToPath(new URL('victim.mjs', import.meta.url));
const request: DataCheckRequest = { repair: true };

describe('fsck --repair', { skip: needsRoot }, () => {
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;
  let registry: TestRegistry;
  let roots: { readonly dataRoot: string; readonly execRoot: string };
  let remote: string;
  /** The plugin that runs. */
  let other: string;

  before(async () => {
    home = await makeDaemonHome();
    roots = { dataRoot: join(home.home, 'data'), execRoot: join(home.home, 'run') };
    registry = await startRegistry();
    remote = `${registry.host}/acme/p:v1`;
    await withEngine(async (engine) => {
      await engine.create({ name: remote, context: pluginContext(perlPlugin()) });
      await engine.push({ plugin: remote });
      const running = perlPlugin('plain', { Description: 'it runs' });
      ({ id: other } = await engine.create({ name: 'other', context: pluginContext(running) }));
      await engine.enable('other');
    });
  });

  after(async () => {
    await withEngine(async (engine) => {
      for (const { id } of engine.list()) await engine.remove(id, { force: true });
    });
    await registry.stop();
    await home.remove();
  });

  async function withEngine<Result>(work: (engine: PluginEngine) => Promise<Result>): Promise<Result> {
    await using engine = await openPluginEngine(roots);
    return await work(engine);
  }

  function damagedPlugin(): StoredPlugin {
    return readStoredPlugins(roots.dataRoot).find(({ name }) => name === remote) ?? assert.fail('it is gone');
  }

  const program = () => join(damagedPlugin().rootfs, 'plugin.pl');

  /** Lose the manifest, and damage the config, the layer and a file. */
  function damage(): void {
    const { blobs } = damagedPlugin();
    const paths = blobs.map((digest) =>
      join(roots.dataRoot, 'plugins/storage/blobs/sha256', digest.slice(7)),
    );
    const [manifest = '', ...others] = paths;
    rmSync(manifest);
    for (const path of others) truncateSync(path, 20);
    truncateSync(program());
  }

  /** Run the repair in a process of its own. @returns its count of changes; undefined if it was killed before its end */
  function repairUntil(killAt: number): Promise<number | undefined> {
    const job = { ...roots, phase: 'operation', killAt, operation: 'fsck', request };
    return new Promise((resolve, reject) => {
      execFile(process.execPath, [victim, JSON.stringify(job)], (error, stdout, stderr) => {
        if (error?.signal !== 'SIGKILL') return reject(new Error(`the victim was not killed: ${stderr}`));
        return resolve(stdout === '' ? undefined : Number(stdout));
      });
    });
  }

  /** Kill a repair at a point, and repair the rest. @returns the number of changes, if it was not killed before its end */
  async function killAt(point: number, sound: Buffer): Promise<number | undefined> {
    damage();
    const total = await repairUntil(point);
    await withEngine(async (engine) => {
      assert.deepEqual(readdirSync(join(roots.dataRoot, 'plugins/tmp')), [], 'staging is left');
      const { errors, repaired } = await engine.fsck(request);
      assert.equal(repaired, errors, 'something could not be repaired');
      if (total !== undefined) assert.equal(errors, 0, 'it was acknowledged, and is damaged');
      assert.deepEqual(readFileSync(program()), sound);
      checkDataRoot(roots.dataRoot);
      await untilPluginAccepts(roots.execRoot, other);
      await untilOnlyPluginsRun(
        { home: home.home, ...roots, daemons: [process.pid], ids: [other, damagedPlugin().id] },
        [other],
      );
    });
    return total;
  }

  test('V2 V4 after a kill before any single change, the next one repairs the rest, and nothing is left', async (context) => {
    const sound = readFileSync(program());
    const total = await killAt(Number.POSITIVE_INFINITY, sound);
    assert.ok(total !== undefined && total > 3, `a repair makes ${total} changes`);
    const parts = Math.min(points, total);
    for (let part = 0; part < parts; part++) {
      const point = 1 + Math.floor(((part + random()) * total) / parts);
      try {
        await killAt(point, sound);
      } catch (error) {
        const reason = error instanceof Error ? error.message : error;
        throw new Error(`seed ${seed}, killed at ${point} of ${total}: ${reason}`, { cause: error });
      }
    }
    context.diagnostic(`${parts + 1} kills`);
  });
});
