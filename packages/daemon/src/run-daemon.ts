/**
 * The program `outboard daemon`: flags, log, signals, exit code.
 */
import { sendDatagram } from '@outboard/engine';
import { CommanderError } from 'commander';
import type { Logger } from 'pino';
import type { Configuration } from './configuration/configuration.ts';
import { loadConfiguration } from './configuration/load-configuration.ts';
import { type DaemonFlags, parseFlags } from './configuration/parse-flags.ts';
import { openLog } from './log/logger.ts';
import { surviveLostTerminal } from './service/lost-terminal.ts';
import { takeServiceEnvironment } from './service/service-environment.ts';
import { createServiceNotifier, type ServiceNotifier } from './service/service-notifier.ts';
import { type Daemon, startDaemon } from './start-daemon.ts';

/** 128 and the number of SIGPIPE, as shells expect it of a program that nobody reads. */
const unreadCode = 141;

const stopSignals = ['SIGTERM', 'SIGINT'] as const;

/**
 * Run the daemon until it is told to stop. Prints one line on standard output when it serves. A first word `doctor` checks
 * the host instead.
 * @param argv the arguments after `daemon`
 * @returns the exit code: 0 after an orderly stop, 1 when it could not start
 */
export async function runDaemon(argv: readonly string[]): Promise<number> {
  const output = surviveLostTerminal();
  const isDoctor = argv[0] === 'doctor';
  let flags: DaemonFlags;
  try {
    flags = parseFlags(isDoctor ? argv.slice(1) : argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return (await output.isUnread()) ? unreadCode : error.exitCode;
  }
  try {
    if (!isDoctor) return await serve(flags);
    const code = await (await import('./service/run-doctor.ts')).runDoctor(flags);
    return (await output.isUnread()) ? unreadCode : code;
  } catch (error) {
    process.stderr.write(`outboard daemon: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function serve(flags: DaemonFlags): Promise<number> {
  const configuration = await load(flags);
  const { logger, flush } = openLog(configuration['log-level']);
  const service = takeServiceEnvironment(process.env, process.pid);
  const notifier = createServiceNotifier(service, { send: sendDatagram, logger });
  try {
    // From here on, so that a signal during a slow start is not lost.
    const stopped = untilSignal();
    const starting = startDaemon(configuration, logger, service.listeners);
    reloadOnSignal(starting, flags, { notifier, logger });
    const daemon = await starting;
    surviveExceptions(logger);
    process.stdout.write(`outboard daemon ready on ${daemon.hosts.join(', ')} (pid ${process.pid})\n`);
    notifier.ready(serving(daemon));
    notifier.watch(daemon.check);
    logger.info({ signal: await stopped }, 'stopping');
    notifier.stopping();
    await stopInTime(daemon, logger, flush);
    logger.info('stopped');
    return 0;
  } finally {
    notifier.close();
    flush();
  }
}

function serving({ hosts }: Daemon): string {
  return `serving on ${hosts.join(', ')}`;
}

function load({ configuration, configFile }: DaemonFlags): Promise<Configuration> {
  return loadConfiguration(configuration, configFile);
}

/** SIGHUP reads the configuration anew, one at a time. A wrong one is logged, and the one in force stays. */
function reloadOnSignal(
  starting: Promise<Daemon>,
  flags: DaemonFlags,
  { notifier, logger }: { readonly notifier: ServiceNotifier; readonly logger: Logger },
): void {
  const reload = async () => {
    const daemon = await starting;
    notifier.reloading();
    try {
      await daemon.reload(await load(flags));
      logger.info('configuration reloaded');
    } catch (error) {
      logger.error({ err: error }, 'cannot reload the configuration: it stays as it was');
    }
    notifier.ready(serving(daemon));
  };
  let last = Promise.resolve();
  process.on('SIGHUP', () => {
    // A daemon that does not start says so itself.
    last = last.then(reload).catch(() => undefined);
  });
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
  const deadline = setTimeout(force, daemon.stopDeadlineMs(), 'deadline');
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
