/**
 * The program `outboard daemon`: flags, log, signals and exit code.
 */
import { withResolvers } from '@outboard/async';
import { prioritizeMainThread, sendDatagram, sendDescriptors } from '@outboard/engine';
import { isGatewayDescriptor } from '@outboard/gateway';
import { describeSystemError } from '@outboard/oci';
import { CommanderError } from 'commander';
import type { Logger } from 'pino';
import type { Configuration } from './configuration/configuration.ts';
import { loadConfiguration } from './configuration/load-configuration.ts';
import { type DaemonFlags, parseFlags } from './configuration/parse-flags.ts';
import { openLog } from './logging/daemon-log.ts';
import { chooseLogFormat, formatFailure } from './logging/log-format.ts';
import { createDescriptorStore } from './service/descriptor-store.ts';
import { examineHost, requireRoot } from './service/examine-host.ts';
import { surviveLostTerminal } from './service/lost-terminal.ts';
import { reloadOnSignal } from './service/reload-on-signal.ts';
import { type ServiceEnvironment, takeServiceEnvironment } from './service/service-environment.ts';
import { createServiceNotifier } from './service/service-notifier.ts';
import { type Daemon, type DaemonOptions, startDaemon } from './start-daemon.ts';

/** 128 + SIGPIPE, the exit code of a program whose output has no reader. */
const unreadCode = 141;
/** Exit code for wrong flags, as that of the command line. Nothing has been made by then. */
const wrongUsage = 125;

/** Commands other than serving, by the first argument. Each returns the exit code. */
const otherCommands = {
  doctor: async (flags: DaemonFlags) => (await import('./service/run-doctor.ts')).runDoctor(flags),
  reload: async () => (await import('./service/run-reload.ts')).runReload(process.env),
};

const stopSignals = ['SIGTERM', 'SIGINT'] as const;

/**
 * Run the daemon until SIGTERM or SIGINT. It prints one line on standard output when it serves. The first argument `doctor`
 * checks the host instead, and `reload` reloads the configuration of a service's daemon.
 * @param argv the arguments after `daemon`
 * @returns the exit code: 0 after an orderly stop, 1 if it could not start, 125 for wrong flags
 */
export async function runDaemon(argv: readonly string[]): Promise<number> {
  const output = surviveLostTerminal();
  const [first = ''] = argv;
  if (first === '__complete') {
    const { completeFlags } = await import('./configuration/complete-flags.ts');
    const code = completeFlags(argv.slice(1));
    return (await output.isUnread()) ? unreadCode : code;
  }
  const isOther = first in otherCommands;
  let flags: DaemonFlags;
  try {
    flags = parseFlags(isOther ? argv.slice(1) : argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (await output.isUnread()) return unreadCode;
    return error.exitCode === 0 ? 0 : wrongUsage;
  }
  try {
    if (!isOther) return await serve(flags);
    const code = await otherCommands[first as keyof typeof otherCommands](flags);
    return (await output.isUnread()) ? unreadCode : code;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const reason = describeSystemError(error) ?? said;
    process.stderr.write(formatFailure(`outboard daemon: ${reason}`, process.env));
    return 1;
  }
}

async function serve(flags: DaemonFlags): Promise<number> {
  requireRoot();
  const configuration = await load(flags);
  const format = chooseLogFormat(configuration['log-format'], process.env);
  const { logger, flush } = openLog(configuration['log-level'], format);
  if (!prioritizeMainThread())
    logger.debug('the event loop has the priority that the process was started with');
  const service = takeServiceEnvironment(process.env, process.pid);
  const notifier = createServiceNotifier(service, { send: sendDatagram, logger });
  try {
    // Before the start, so that a signal during a slow start is not lost.
    const stopped = untilSignal();
    const starting = startDaemon({ configuration, logger, env: process.env, ...passedOn(service, logger) });
    const reloading = starting.then((daemon) => ({
      reload: async () => daemon.reload(await load(flags)),
      status: () => serving(daemon),
      notifier,
      logger,
      runtimeDirectory: service.runtimeDirectory,
    }));
    reloadOnSignal(reloading);
    const daemon = await starting;
    surviveExceptions(logger);
    const problems = await examineHost(configuration, logger);
    const warning = problems === '' ? '' : `, but plugins cannot run: ${problems}`;
    process.stdout.write(
      `outboard daemon ready on ${daemon.hosts.join(', ')} (pid ${process.pid})${oneLine(warning)}\n`,
    );
    notifier.ready(`${serving(daemon)}${oneLine(warning)}`);
    notifier.watch(daemon.check);
    const signal = await stopped;
    logger.info({ signal }, 'stopping');
    notifier.stopping();
    await stopInTime(daemon, { signal, logger, flush });
    logger.info('stopped');
    return 0;
  } finally {
    notifier.close();
    await flush();
  }
}

/** Sockets that the service manager has opened or kept, and where further ones can be kept. */
function passedOn(
  service: ServiceEnvironment,
  logger: Logger,
): Pick<DaemonOptions, 'listeners' | 'inherited' | 'store'> {
  const [inherited, others] = [true, false].map((isWanted) =>
    service.descriptors.filter(({ name }) => isGatewayDescriptor(name) === isWanted),
  );
  return {
    listeners: others?.map(({ descriptor }) => descriptor),
    inherited,
    store: createDescriptorStore(service, { sendDescriptors, send: sendDatagram, logger }),
  };
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ');
}

function serving({ hosts }: Daemon): string {
  return `serving on ${hosts.join(', ')}`;
}

function load({ configuration, configFile }: DaemonFlags): Promise<Configuration> {
  return loadConfiguration(configuration, configFile);
}

function untilSignal(): Promise<NodeJS.Signals> {
  const { promise, resolve } = withResolvers<NodeJS.Signals>();
  // Never removed: without a listener the next signal would end the process.
  for (const signal of stopSignals) process.on(signal, resolve);
  return promise;
}

/** Time within which the same signal is the same wish: timeout(1) sends each one to its child, and to its whole group. */
const sameWishMs = 1_000;

interface StopContext {
  readonly signal: NodeJS.Signals;
  readonly logger: Logger;
  readonly flush: () => Promise<void>;
}

/** Stop the daemon. A second signal or the deadline ends the process at once. */
async function stopInTime(daemon: Daemon, { signal: first, logger, flush }: StopContext): Promise<void> {
  const beganAt = performance.now();
  const force = (reason: string) => {
    logger.error({ reason }, 'stopping without waiting for running operations');
    void flush().finally(() => process.exit(1));
  };
  for (const signal of stopSignals) {
    process.on(signal, () => {
      if (signal !== first || performance.now() - beganAt > sameWishMs) force(`second ${signal}`);
    });
  }
  const deadline = setTimeout(force, daemon.stopDeadlineMs(), 'deadline');
  await daemon.stop();
  // Not cleared: if something keeps the process alive after the stop, the deadline ends it.
  deadline.unref();
}

/**
 * Log uncaught exceptions and go on: one concerns a single operation, while all plugins depend on this process (D20).
 */
function surviveExceptions(logger: Logger): void {
  let count = 0;
  process.on('uncaughtException', (error, origin) => {
    count += 1;
    logger.error({ err: error, origin, count }, 'uncaught exception');
  });
}
