/**
 * Starts the program that the first argument names: `outboard daemon` runs the daemon, everything else is the command
 * line, a client of it. Lies beside the bundles of both.
 */
'use strict';

/** The arguments of the daemon, which has a help and completions of its own; undefined for all other commands. */
function wordsForDaemon(words) {
  const [first, second, third, ...rest] = words;
  if (first === 'daemon') return words.slice(1);
  if (first === 'help' && second === 'daemon') return ['--help'];
  // `daemon` as the last word is still being typed.
  const completes = first === '__complete' && second === '--' && third === 'daemon' && rest.length > 0;
  return completes ? [first, ...rest] : undefined;
}

async function run(words) {
  const daemonWords = wordsForDaemon(words);
  if (daemonWords !== undefined) return require('./daemon.cjs').runDaemon(daemonWords);
  return require('./cli.cjs').runCommandLine(words, process);
}

void run(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});
