/**
 * The program `outboard daemon`: flags, log, signals, exit code.
 */
import { CommanderError } from 'commander';
import type { Logger } from 'pino';
import { loadConfiguration } from './configuration/load-configuration.ts';
import { type DaemonFlags, parseFlags } from './configuration/parse-flags.ts';
import { openLog } from './log/logger.ts';
import { type Daemon, startDaemon } from './start-daemon.ts';

/** After this the process ends whatever is still under way; recovery at the next start is made for it. */
const stopDeadlineMs = 15_000;
const stopSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Run the daemon until it is told to stop. Prints one line on standard output when it serves.
 * @param argv the arguments after `daemon`
 * @returns the exit code: 0 after an orderly stop, 1 when it could not start
 */
export async function runDaemon(argv: readonly string[]): Promise<number> {
  let flags: DaemonFlags;
  try {
    flags = parseFlags(argv);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    throw error;
  }
  try {
    return await serve(flags);
  } catch (error) {
    process.stderr.write(`outboard daemon: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function serve({ configuration: given, configFile }: DaemonFlags): Promise<number> {
  const configuration = await loadConfiguration(given, configFile);
  const { logger, flush } = openLog(configuration['log-level']);
  try {
    // From here on, so that a signal during a slow start is not lost.
    const stopped = untilSignal();
    const daemon = await startDaemon(configuration, logger);
    surviveExceptions(logger);
    process.stdout.write(`outboard daemon ready on ${daemon.hosts.join(', ')} (pid ${process.pid})\n`);
    logger.info({ signal: await stopped }, 'stopping');
    await stopInTime(daemon, logger, flush);
    logger.info('stopped');
    return 0;
  } finally {
    flush();
  }
}

function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of stopSignals) process.once(signal, resolve);
  });
}

/** A second signal, or the deadline, ends the process at once. */
async function stopInTime(daemon: Daemon, logger: Logger, flush: () => void): Promise<void> {
  const force = (reason: string) => {
    logger.error({ reason }, 'stopping without waiting for what is under way');
    flush();
    process.exit(1);
  };
  for (const signal of stopSignals) process.on(signal, () => force(`second ${signal}`));
  const deadline = setTimeout(force, stopDeadlineMs, 'deadline');
  await daemon.stop();
  // Not cleared: should something still hold the process, the deadline ends it.
  deadline.unref();
}

/**
 * An error that nobody caught concerns one operation, not the plugins that depend on this process (D20). It is logged
 * with its stack and counted.
 */
function surviveExceptions(logger: Logger): void {
  let count = 0;
  process.on('uncaughtException', (error, origin) => {
    count += 1;
    logger.error({ err: error, origin, count }, 'uncaught exception');
  });
}
