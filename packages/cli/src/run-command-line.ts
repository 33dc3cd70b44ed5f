/**
 * Runs one command line and returns its exit code.
 */
import { type Command, CommanderError, Help } from 'commander';
import { type AddressFlags, findAddress } from './client/engine-address.ts';
import { EngineClient } from './client/engine-client.ts';
import { CommandError, CommandExit, codeOf, describeFailure } from './command-error.ts';
import type { CommandHost } from './command-host.ts';
import { ownVersion } from './installation.ts';
import { endOptionsAfterName } from './options/end-of-options.ts';
import { asksForVersion, resolveWords } from './options/resolve-words.ts';
import { createProgram, type RunCommand } from './program.ts';
import { escapeLines } from './terminal/escape-text.ts';
import { watchOutput } from './terminal/watch-output.ts';

/** Exit codes for signals, as shells expect them: 128 plus the number of the signal. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGPIPE: 141 } as const;
/** Exit code for unknown commands and flags, and a wrong number of arguments; nothing has been done. */
const wrongUsage = 125;

/** The reason of a command that a signal ended. */
class Interruption extends Error {
  override readonly name = 'Interruption';
  readonly exitCode: number;

  constructor(signal: keyof typeof exitCodes) {
    super(`ended by ${signal}`);
    this.exitCode = exitCodes[signal];
  }
}

/**
 * Run a command. Errors are written to standard error and not thrown.
 * SIGINT and SIGTERM cancel the running request; a second one has its default action.
 *
 * @param argv arguments without the program's name
 * @param host `process`, or streams and environment of a test
 * @returns 0, 1 for failures, 125 for wrong commands, flags and numbers of arguments, 130 after Ctrl-C, 141 when the reader of the output has closed it
 */
export async function runCommandLine(argv: readonly string[], host: CommandHost): Promise<number> {
  const interruption = new AbortController();
  const interrupt = (signal: keyof typeof exitCodes) => interruption.abort(new Interruption(signal));
  const output = watchOutput(host, (error) => {
    interruption.abort(codeOf(error) === 'EPIPE' ? new Interruption('SIGPIPE') : error);
  });
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const failure = await failureOf(parseAndRun(argv, host, interruption.signal));
    // Write errors are known only after the flush.
    await output.flushed();
    const lost = output.failure();
    if (codeOf(lost) === 'EPIPE') return exitCodes.SIGPIPE;
    const error = lost ?? (failure && (interruption.signal.reason ?? failure.error));
    const code = error === undefined ? 0 : reportFailure(error, host);
    await output.flushed();
    return codeOf(output.failure()) === 'EPIPE' ? exitCodes.SIGPIPE : code;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

async function failureOf(command: Promise<void>): Promise<{ readonly error: unknown } | undefined> {
  try {
    await command;
    return undefined;
  } catch (error) {
    return { error };
  }
}

async function parseAndRun(argv: readonly string[], host: CommandHost, signal: AbortSignal): Promise<void> {
  const run: RunCommand = async (command) => {
    const version = ownVersion();
    let opened: EngineClient | undefined;
    // Only when the command asks for it: some need no daemon, and work with a wrong address in the environment.
    const open = () => {
      opened ??= new EngineClient({
        address: findAddress(program.opts<AddressFlags>(), host.env),
        signal,
        userAgent: `outboard/${version} (linux)`,
        apiVersion: host.env.DOCKER_API_VERSION,
      });
      return opened;
    };
    try {
      await command({
        get client() {
          return open();
        },
        host,
        signal,
        version,
        program,
      });
    } finally {
      await opened?.close();
    }
  };
  const program = createProgram(run, argv);
  for (const command of withSubcommands(program)) configureOutput(command, host);
  if (asksForVersion(program, argv)) host.stdout.write(`outboard version ${ownVersion()}\n`);
  else if (argv.length === 0) program.outputHelp();
  else await program.parseAsync(markCommand(program, resolveWords(program, argv)), { from: 'user' });
}

/** Throw instead of ending the process, and follow errors by the usage. */
function configureOutput(command: Command, host: CommandHost): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => host.stdout.write(text),
    writeErr: (text) => host.stderr.write(text),
    outputError: (text, write) => {
      const usage = new Help().commandUsage(command);
      write(`${text}\nUsage: ${usage}\n\nRun '${pathOf(command)} --help' for more information\n`);
    },
  });
}

/** Keep options of the command in `outboard exec PLUGIN COMMAND` and `debug` from being parsed as own options. */
function markCommand(program: Command, argv: readonly string[]): readonly string[] {
  const running = program.commands.filter((command) => ['exec', 'debug'].includes(command.name()));
  return running.reduce((words, command) => endOptionsAfterName(program, command, words), argv);
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** Such as `outboard service install`. */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** @returns the exit code */
function reportFailure(error: unknown, host: CommandHost): number {
  if (error instanceof Interruption) {
    // The terminal shows `^C`: put the shell's prompt on the next line.
    if (host.stderr.isTTY === true && error.exitCode === exitCodes.SIGINT) host.stderr.write('\n');
    return error.exitCode;
  }
  // Commander has already written its message.
  if (error instanceof CommanderError) return exitCodeOf(error);
  if (error instanceof CommandExit) return error.exitCode;
  host.stderr.write(`${escapeLines(describeFailure(error))}\n`);
  return error instanceof CommandError ? error.exitCode : 1;
}

/** All errors of commander are about the words that were typed; the rest is help, which is 0. */
function exitCodeOf({ exitCode }: CommanderError): number {
  return exitCode === 0 ? 0 : wrongUsage;
}
