/**
 * Suites that go over more than one boot. Each takes the run, with its runtime, and returns a result for the report.
 */
import { cutPower, powerCutProgram } from './power-cuts.mjs';
import { rebootProgram, rebootWithPlugins } from './reboot.mjs';

/** Programs that run in the machine, to bundle. */
export const scenarioPrograms = [rebootProgram, powerCutProgram];

/** By the name that `suites.mjs` gives. */
export const scenarios = { reboot: rebootWithPlugins, 'power-cuts': cutPower };
