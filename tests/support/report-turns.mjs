/**
 * Loaded into a daemon before its program: appends its long turns to the file that the environment names, a line of JSON for
 * each. The turn in which the program is loaded is none of them: nothing can be served before.
 */
import { openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { watchTurns } from '@outboard/async/testing';

const file = openSync(process.env.OUTBOARD_TURNS, 'a');
const limitMs = Number(process.env.OUTBOARD_TURN_LIMIT);
// Not handed on to the children of the daemon.
delete process.env.OUTBOARD_TURNS;
const { cache } = createRequire(import.meta.url);
const start = setInterval(() => {
  const isLoaded = Object.values(cache).some((module) => module.loaded && module.id.endsWith('/daemon.cjs'));
  if (!isLoaded) return;
  clearInterval(start);
  watchTurns({ limitMs, report: (turn) => writeSync(file, `${JSON.stringify(turn)}\n`) });
}, 1);
