/**
 * A daemon that is killed at a random instant of an operation. The next daemon finds each plugin entirely old or
 * entirely new, starts what is enabled and removes leftovers. `OUTBOARD_SEED` repeats a run as far as randomness goes;
 * `OUTBOARD_KILLS` sets the number of kills.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { checkDataRoot } from '../support/data-root.ts';
import {
  checkInterrupted,
  type InterruptedContent,
  type InterruptedOperation,
  interruptedArchive,
  interruptedOperations,
  lookAtInterrupted,
  pushVersions,
} from '../support/interrupted-operations.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { pidOfPlugin, untilOnlyPluginsRun, untilPluginAccepts } from '../support/running-plugins.ts';
import { chooseSeed, seededRandom } from '../support/seeded-random.ts';

const skip = needsRoot;
const seed = chooseSeed();
const random = seededRandom(seed);
const kills = Number(process.env.OUTBOARD_KILLS ?? 8);
/** A slow machine skips some kills; with `OUTBOARD_KILLS` it skips none. */
const maxMsPerOperation = process.env.OUTBOARD_KILLS === undefined ? 8_000 : Number.POSITIVE_INFINITY;

let home: Awaited<ReturnType<typeof makeDaemonHome>>;
let registry: TestRegistry;
let daemon: TestDaemon;
/** Runs during all kills, which must not affect it. */
let bystander: { readonly id: string; readonly pid: number };
const ids = new Set<string>();
/** The daemon of the moment. */
const place = {
  get api() {
    return pluginApi(daemon.socket);
  },
  get registry() {
    return registry.host;
  },
};

before(async () => {
  if (skip !== false) return;
  home = await makeDaemonHome();
  registry = await startRegistry();
  await startNext();
  await pushVersions(place);
  await place.api.create('bystander', interruptedArchive('v1'));
  await place.api.enable('bystander');
  const [{ id } = assert.fail('no plugin')] = checkDataRoot(daemon.dataRoot).plugins;
  bystander = { id, pid: pidOfPlugin(daemon.execRoot, id) };
});

after(async () => {
  if (skip !== false) return;
  for (const name of ['p', 'bystander']) await place.api.remove(name, { force: true }).catch(() => undefined);
  await daemon.end('SIGTERM');
  await registry.stop();
  await home.remove();
});

async function startNext(): Promise<void> {
  daemon = await startDaemon({ home: home.home });
}

for (const [name, operation] of Object.entries(interruptedOperations(place))) {
  test(`V1-V10 after the daemon is killed during ${name}, the next one has lost nothing and leaves nothing behind`, {
    skip,
  }, async (context) => {
    // Duration of the operation without a kill, in milliseconds, as measured so far.
    let durationMs = 300;
    const startedAt = performance.now();
    let round = 0;
    for (; round < kills && performance.now() - startedAt < maxMsPerOperation; round += 1) {
      const delayMs = random() * 1.2 * durationMs;
      const told = `seed ${seed}, ${name}, kill ${round} after ${delayMs.toFixed(1)} ms`;
      try {
        const tookMs = await killDuring(operation, round, delayMs);
        if (tookMs !== undefined) durationMs = tookMs;
        else durationMs = Math.max(durationMs, delayMs * 1.3);
      } catch (error) {
        const log = daemon.log();
        // Later tests and the clean-up need a running daemon.
        await daemon.end('SIGKILL');
        await startNext();
        throw new Error(`${told}: ${error instanceof Error ? error.message : error}\n${log}`, {
          cause: error,
        });
      }
    }
    context.diagnostic(`${round} kills`);
  });
}

/** @returns duration of the operation, if it was acknowledged before the kill */
async function killDuring(
  operation: InterruptedOperation,
  round: number,
  delayMs: number,
): Promise<number | undefined> {
  await operation.prepare(lookAtPlugin().plugin, round);
  const { plugin: from } = lookAtPlugin();
  const begunAt = performance.now();
  const outcome = operation.run(from, round).then(
    () => ({ tookMs: performance.now() - begunAt }),
    (error: unknown) => {
      // A kill breaks the connection; an error response is a fault.
      if (error instanceof assert.AssertionError) throw error;
      return {};
    },
  );
  outcome.catch(() => undefined);
  await delay(delayMs);
  await daemon.end('SIGKILL');
  const { tookMs }: { tookMs?: number } = await outcome;

  await startNext();
  await checkWhole();
  const { plugin: to } = lookAtPlugin();
  if (tookMs !== undefined) {
    assert.notDeepEqual(operation.read(to), operation.read(from), 'it was acknowledged, and is not there');
  }
  return tookMs;
}

function lookAtPlugin(): InterruptedContent {
  const content = lookAtInterrupted(daemon.dataRoot);
  for (const { id } of content.plugins) ids.add(id);
  return content;
}

/** Invariants that hold whenever no operation is under way. */
async function checkWhole(): Promise<void> {
  const content = lookAtPlugin();
  checkInterrupted(content);
  const { plugins } = content;
  const running = plugins.filter(({ enabled }) => enabled).map(({ id }) => id);
  for (const id of running) await untilPluginAccepts(daemon.execRoot, id);
  const { execRoot, pid } = daemon;
  await untilOnlyPluginsRun({ home: home.home, execRoot, daemons: [pid], ids: [...ids] }, running);
  assert.equal(pidOfPlugin(execRoot, bystander.id), bystander.pid, 'a plugin was restarted');
}
