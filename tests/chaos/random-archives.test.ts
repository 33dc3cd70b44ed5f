/**
 * Random layers, unpacked by the real jail: each is applied or refused as invalid, whatever it holds. Nothing outside the root
 * changes or shows inside, no child crashes, hangs, or passes its limits of time and memory. `OUTBOARD_FUZZ_SECONDS` sets how long,
 * default 20; `OUTBOARD_SEED` repeats a run, and with `OUTBOARD_FUZZ_ROUND` one round of it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOutboardError } from '@outboard/oci';
import { needsRoot } from '../support/needs-root.ts';
import { peakMemoryOf } from '../support/peak-memory.ts';
import { chooseSeed, seededRandom } from '../support/seeded-random.ts';
import { makeUnpackRoot, streamLayer } from '../support/unpack-root.ts';
import { randomLayer } from './random-layers.ts';

const seconds = Number(process.env.OUTBOARD_FUZZ_SECONDS ?? 20);
const seed = chooseSeed();
const onlyRound = process.env.OUTBOARD_FUZZ_ROUND;

/** A root takes so many layers, one over the other, unless one of them is refused before. */
const layersPerRound = 12;
/** Small ones, so that what passes them shows: a hang ends as `SIGXCPU`, which is no refusal. */
const limits = { maxBytes: 64 * 1024 ** 2, maxEntries: 20_000, maxCpuSeconds: 10 };
const jailsAtOnce = 2;
/** A jail needs 60 MB for itself. */
const maxMemory = jailsAtOnce * 150 * 1024 ** 2;

test('the jail applies or refuses any layer', {
  skip: needsRoot,
  timeout: (seconds + 120) * 1000,
}, async (t) => {
  let [rounds, applied, refused] = [0, 0, 0];
  const playRounds = async () => {
    if (onlyRound !== undefined) return await play(Number(onlyRound));
    const endsAt = performance.now() + seconds * 1000;
    const playOn = async () => {
      while (performance.now() < endsAt) await play(rounds++);
    };
    await Promise.all(Array.from({ length: jailsAtOnce }, playOn));
  };
  const play = async (round: number) => {
    const counts = await playRound(round).catch((cause: unknown) => {
      throw new Error(`seed ${seed}, round ${round}: repeat it with OUTBOARD_SEED, OUTBOARD_FUZZ_ROUND`, {
        cause,
      });
    });
    applied += counts.applied;
    refused += counts.refused;
  };
  const memory = await peakMemoryOf(process.pid, playRounds);
  t.diagnostic(`${rounds} rounds with seed ${seed}: ${applied} layers applied, ${refused} refused`);
  if (onlyRound === undefined) assert.ok(applied > 0 && refused > 0, 'the layers are of one kind only');
  assert.ok(memory < maxMemory, `${Math.round(memory / 1024 ** 2)} MiB over those before the first layer`);
});

async function playRound(round: number): Promise<{ applied: number; refused: number }> {
  const random = seededRandom(seed + round * 7919);
  using place = makeUnpackRoot();
  await using jail = place.open(limits);
  let applied = 0;
  for (; applied < layersPerRound; applied += 1) {
    const layer = randomLayer(random, place.victim);
    try {
      await jail.apply(streamLayer(layer));
    } catch (error) {
      if (!isOutboardError(error, 'invalid')) throw error;
      assert.ok(!/\n| at .*:\d+/.test(error.message), error.message);
      return { applied, refused: 1 };
    }
  }
  await jail.finish();
  return { applied, refused: 0 };
}
