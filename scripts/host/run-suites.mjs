/**
 * Runs suites in virtual machines, one machine after the other, and prints the report.
 */
import { join } from 'node:path';
import { findTests } from '../find-tests.mjs';
import { makeImage } from './image.mjs';
import { formatReport } from './report.mjs';
import { scenarioPrograms, scenarios } from './scenarios.mjs';
import { suites } from './suites.mjs';
import { bootTestMachine, configureService } from './test-machine.mjs';
import { bundleInMachine, makeWorkDisk } from './work-disk.mjs';

/** Upper bound for the tests of one suite, in milliseconds. */
const suiteTimeoutMs = 4 * 60 * 60_000;

/**
 * Run suites.
 *
 * @param {ReturnType<typeof import('./arguments.mjs').parseArguments> & { root: string, directory: string }} options the
 *   repository, and a directory for disks
 * @returns {Promise<number>} exit code
 */
export async function runSuites(options) {
  const { root, directory, only, runtimes } = options;
  console.log(`test:host: seed ${options.seed}`);
  const image = await timed('system of the machine', () => makeImage(options));
  const chosen = suites.filter(({ name }) => only.includes(name));
  const filesOf = new Map();
  for (const { name, tests } of chosen)
    if (tests !== undefined) filesOf.set(name, await findFiles(options, tests));
  const bundled = [...[...filesOf.values()].flat(), ...scenarioPrograms];
  const work = await timed('disk with the repository', () =>
    makeWorkDisk({ root, files: bundled, directory }),
  );
  const run = { ...options, image, work, results: [], facts: {} };
  for (const [index, runtime] of runtimes.entries()) {
    const here = chosen.filter(({ ofEachRuntime }) => ofEachRuntime || index === 0);
    await runWith(runtime, here, filesOf, run);
  }
  console.log(`\n${formatReport(run.facts, run.results)}`);
  return run.results.some(({ failed }) => failed > 0) || run.results.length === 0 ? 1 : 0;
}

/** Suites share a machine until one of them breaks it; scenarios have their own. */
async function runWith(runtime, here, filesOf, run) {
  let machine;
  try {
    for (const suite of here) {
      const startedAt = performance.now();
      console.log(`\ntest:host: ${suite.name}, with ${runtime}`);
      let result;
      try {
        if (suite.scenario !== undefined) {
          await machine?.kill();
          machine = undefined;
          result = await scenarios[suite.scenario]({ ...run, runtime });
        } else {
          machine ??= await bootTestMachine({ ...run, runtime });
          await configureService(machine, suite.isOfService ? runtime : undefined);
          result = await runInMachine(machine, suite, filesOf.get(suite.name), run);
        }
      } catch (error) {
        result = { passed: 0, failed: 1, failures: [error.message], skipped: 0, skips: [] };
        await machine?.kill();
        machine = undefined;
      }
      const seconds = (performance.now() - startedAt) / 1000;
      for (const failure of result.failures) console.log(`test:host: failed: ${failure}`);
      const { passed, failed, skipped } = result;
      console.log(
        `test:host: ${suite.name}, with ${runtime}: ${passed} passed, ${failed} failed, ${skipped} skipped (${Math.round(seconds)} s)`,
      );
      run.results.push({ ...result, suite: suite.name, runtime, seconds });
    }
  } finally {
    await machine?.kill();
  }
}

async function runInMachine(machine, { name, program }, files, { root }) {
  const onOutput = (text) => process.stdout.write(text);
  if (program !== undefined) {
    const { code } = await machine.run(['node', ...program], {
      directory: root,
      onOutput,
      timeoutMs: suiteTimeoutMs,
    });
    return oneTest(`${name} ends with ${code}`, code === 0);
  }
  if (files.length === 0) throw new Error('no test file has such a path');
  const bundles = files.map(bundleInMachine);
  const { output } = await machine.run(['node', join(root, 'scripts', 'host', 'run-suite.mjs'), ...bundles], {
    directory: root,
    onOutput,
    timeoutMs: suiteTimeoutMs,
  });
  return JSON.parse(output.trim().split('\n').at(-1));
}

function oneTest(name, hasPassed) {
  return {
    ...{ passed: hasPassed ? 1 : 0, failed: hasPassed ? 0 : 1, skipped: 0 },
    ...{ failures: hasPassed ? [] : [name], skips: [] },
  };
}

async function findFiles({ root, files }, tests) {
  const found = await findTests(root, files);
  return found.filter((path) => tests.some((beginning) => path.startsWith(beginning)));
}

async function timed(name, make) {
  const startedAt = performance.now();
  const made = await make();
  console.log(`test:host: ${name}: ready (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
  return made;
}
