/**
 * Starts the program that the first argument names: `outboard daemon` runs the daemon, everything else is the command
 * line, a client of it. Lies beside the bundles of both.
 */
'use strict';

const isDaemon = process.argv[2] === 'daemon';

async function run() {
  if (isDaemon) return require('./daemon.cjs').runDaemon(process.argv.slice(3));
  return require('./cli.cjs').runCommandLine(process.argv.slice(2), process);
}

run().then((exitCode) => {
  process.exitCode = exitCode;
});
