/**
 * Arguments of `npm run test:host`.
 */
import { parseArgs } from 'node:util';
import { suites } from './suites.mjs';

/** The text of `--help`. */
export const usage = `usage: npm run test:host -- [options]

Boots a Debian 12 of its own in qemu, without acceleration: systemd as first process, cgroup v2, AppArmor. Runs suites
in it, and prints a report. Needs root. The system has no network; it is made once and kept in $OUTBOARD_HOST_CACHE, or
else in outboard/test-host below $XDG_CACHE_HOME or ~/.cache.

  --only SUITE         run this suite only; may be repeated. One of: ${suites.map(({ name }) => name).join(', ')}
  --files TEXT         of suites with test files, run only files whose path contains the text; may be repeated
  --runtime RUNTIME    run the suites with this OCI runtime only: runc or crun (default: with each of them)
  --cuts N             power cuts for each operation (default: 1)
  --seed S             repeats the choice of the cuts
  --memory MIB         memory of the machine (default: 3072)
  --processors N       processors of the machine (default: 2)
  --rebuild            make the system again
  --keep               keep the disks of the last machine and tell where they are
  --help               print this`;

const runtimes = ['runc', 'crun'];

const options = {
  only: { type: 'string', multiple: true },
  files: { type: 'string', multiple: true },
  runtime: { type: 'string' },
  cuts: { type: 'string' },
  seed: { type: 'string' },
  memory: { type: 'string' },
  processors: { type: 'string' },
  rebuild: { type: 'boolean' },
  keep: { type: 'boolean' },
  help: { type: 'boolean' },
};

/**
 * Parse arguments.
 *
 * @param {readonly string[]} args
 * @returns {{ only: readonly string[], files: readonly string[], runtimes: readonly string[], cuts: number, seed: number,
 *   memoryMiB: number, processors: number, rebuild: boolean, keep: boolean, help: boolean }}
 * @throws {Error} with the argument and what would be right
 */
export function parseArguments(args) {
  const { values } = parseArgs({ args: [...args], options });
  const names = suites.map(({ name }) => name);
  for (const name of values.only ?? []) checkOneOf('--only', name, names);
  if (values.runtime !== undefined) checkOneOf('--runtime', values.runtime, runtimes);
  return {
    only: values.only ?? names,
    files: values.files ?? [],
    runtimes: values.runtime === undefined ? runtimes : [values.runtime],
    cuts: parseNumber('--cuts', values.cuts, { least: 1, most: 10_000 }) ?? 1,
    seed:
      parseNumber('--seed', values.seed, { least: 0, most: 2 ** 32 - 1 }) ??
      Math.floor(Math.random() * 2 ** 32),
    memoryMiB: parseNumber('--memory', values.memory, { least: 1024, most: 1 << 20 }) ?? 3072,
    processors: parseNumber('--processors', values.processors, { least: 1, most: 64 }) ?? 2,
    rebuild: values.rebuild ?? false,
    keep: values.keep ?? false,
    help: values.help ?? false,
  };
}

function checkOneOf(option, value, allowed) {
  if (!allowed.includes(value))
    throw new Error(`${option} "${value}" is unknown; expected one of ${allowed.join(', ')}`);
}

function parseNumber(option, text, { least, most }) {
  if (text === undefined) return undefined;
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= least && number <= most))
    throw new Error(`${option} "${text}" is no number from ${least} to ${most}`);
  return number;
}
