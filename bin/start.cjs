/**
 * Starts the program that the first argument names: `outboard daemon` runs the daemon, everything else is the command
 * line, a client of it. Lies beside the bundles of both.
 */
'use strict';

/** The arguments of the daemon, which has a help and completions of its own; undefined for all other commands. */
function wordsForDaemon([first, second, ...rest]) {
  if (first === 'daemon') return second === undefined ? [] : [second, ...rest];
  if (second !== 'daemon') return undefined;
  if (first === 'help') return ['--help'];
  return first === '__complete' ? [first, ...rest] : undefined;
}

async function run(words) {
  const daemonWords = wordsForDaemon(words);
  if (daemonWords !== undefined) return require('./daemon.cjs').runDaemon(daemonWords);
  return require('./cli.cjs').runCommandLine(words, process);
}

run(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});
