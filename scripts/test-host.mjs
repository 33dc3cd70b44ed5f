#!/usr/bin/env node
/**
 * `npm run test:host`: boots a Debian system of its own in a virtual machine, runs suites in it with each OCI runtime, over
 * reboots and power cuts, and reports. `--help` lists its options. The last line counts: `N passed, N failed, N skipped`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDebianPackages, missingHostPrograms } from './debian-packages.mjs';
import { parseArguments, usage } from './host/arguments.mjs';
import { runSuites } from './host/run-suites.mjs';
import { setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
process.exitCode = await main(process.argv.slice(2));

/** @returns {Promise<number>} exit code */
async function main(args) {
  let options;
  try {
    options = parseArguments(args);
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  if (process.getuid?.() !== 0) {
    console.error('test:host: needs root, to make the system of the machine');
    return 1;
  }
  const missing = missingHostPrograms();
  const installed = missing.length === 0 || installDebianPackages(missing);
  if (installed !== true && !installed.installed) {
    console.error(`test:host: ${installed.message}`);
    return 1;
  }
  if (!setUp({ needsDockerCli: true })) return 1;
  const directory = mkdtempSync(join(tmpdir(), 'outboard-host-'));
  // qemu ends with this process.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => {
      if (!options.keep) rmSync(directory, { recursive: true, force: true });
      process.exit(1);
    });
  }
  try {
    return await runSuites({ ...options, root, directory });
  } finally {
    if (options.keep) console.log(`test:host: the disks are in ${directory}`);
    else rmSync(directory, { recursive: true });
  }
}
