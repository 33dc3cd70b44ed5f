/**
 * The flags that say how a plugin runs, with Docker's names for `docker run` where it has one, and what they make of
 * the body of a request.
 */
import type { Command } from 'commander';
import { CommandError } from '../command-error.ts';
import { parseDecimal, parseDuration, parseSize, parseWhole } from './parse-units.ts';

/** As commander gives them. */
export interface OptionFlags {
  readonly memory?: string;
  readonly cpus?: string;
  readonly pidsLimit?: string;
  readonly ulimit?: readonly string[];
  readonly restart?: string;
  readonly stopTimeout?: string;
  readonly healthCheck?: string;
  readonly healthPath?: string;
  readonly healthInterval?: string;
  readonly healthTimeout?: string;
  readonly healthRetries?: string;
  readonly healthRestart?: boolean;
  /** False for `--no-healthcheck`. */
  readonly healthcheck?: boolean;
  readonly logMaxSize?: string;
  readonly logMaxFile?: string;
  readonly securityOpt?: readonly string[];
  readonly readOnly?: boolean;
  readonly createMounts?: boolean;
  readonly init?: boolean;
}

/** Taken back: what the plugin's author asks for, or else the default of the daemon, is in force again. */
const taken = 'default';

/** Give a command these flags, but those of `addCreateMountsFlags`. */
export function addOptionFlags(command: Command): Command {
  const collect = (value: string, previous: readonly string[] = []) => [...previous, value];
  return command
    .option('-m, --memory <bytes>', 'limit of memory, such as 64m; 0 for none')
    .option('--cpus <number>', 'limit of processors, such as 0.5; 0 for none')
    .option('--pids-limit <number>', 'limit of processes and threads; 0 for none')
    .option('--ulimit <limit>', 'nofile=NUMBER: limit of open files; 0 for none', collect)
    .option('--restart <policy>', 'when to start it again: always, on-failure[:RETRIES] or no')
    .option('--stop-timeout <seconds>', 'how long it may take to stop before it is killed')
    .option('--health-check <kind>', 'ask whether it answers: socket or http; none for no check')
    .option('--health-path <path>', 'what http asks for')
    .option('--health-interval <duration>', 'time between checks, such as 30s')
    .option('--health-timeout <duration>', 'how long an answer may take')
    .option('--health-retries <number>', 'failures in a row that make it unhealthy')
    .option('--health-restart', 'start it anew when it is unhealthy')
    .option('--no-health-restart', 'only say that it is unhealthy')
    .option('--no-healthcheck', 'no check, whatever its author asks for')
    .option('--init', 'run an init as its first process, which reaps processes that have lost their parent')
    .option('--no-init', 'its own program is its first process')
    .option('--log-max-size <bytes>', 'how large a file of its log may be, such as 10m')
    .option('--log-max-file <number>', 'how many files of its log are kept')
    .option(
      '--security-opt <option>',
      'seccomp=…, apparmor=… or no-new-privileges[=false]; default takes all of them back',
      collect,
    )
    .option('--read-only', 'its root file system is read-only')
    .option('--no-read-only', 'its root file system can be written');
}

/** Those of commands whose options outlive one start; `enable` has the first with a meaning of its own. */
export function addCreateMountsFlags(command: Command): Command {
  return command
    .option(
      '--create-mounts',
      'at each start make directories of the host that it mounts and that are missing',
    )
    .option('--no-create-mounts', 'do not start it while one is missing');
}

/**
 * The flags that were given as the body of a request; undefined when there is none.
 * @throws {CommandError} for a value that is none, in the words of Docker's client
 */
export function toOptionsBody(flags: OptionFlags): object | undefined {
  const limits = given({
    MemoryBytes: read('-m, --memory', flags.memory, parseSize, 'invalid size'),
    Cpus: read('--cpus', flags.cpus, parseDecimal, 'failed to parse as a rational number'),
    Pids: read('--pids-limit', flags.pidsLimit, parseProcesses, 'invalid syntax'),
    OpenFiles: readUlimits(flags.ulimit),
  });
  const log = given({
    MaxBytes: read('--log-max-size', flags.logMaxSize, parseSize, 'invalid size'),
    MaxFiles: read('--log-max-file', flags.logMaxFile, parseWhole, 'invalid syntax'),
  });
  const body = given({
    Limits: filled(limits),
    Restart: readRestart(flags.restart),
    StopTimeoutSeconds: read('--stop-timeout', flags.stopTimeout, parseWhole, 'invalid syntax'),
    Health: readHealth(flags),
    Log: filled(log),
    ...readSecurity(flags),
    CreateMounts: flags.createMounts,
    Init: flags.init,
  });
  return filled(body);
}

/** Docker has -1 for none as well. */
function parseProcesses(text: string): number | undefined {
  const number = parseWhole(text);
  return number === -1 ? 0 : number;
}

function readRestart(text: string | undefined): object | null | undefined {
  if (text === undefined || text === taken) return text === undefined ? undefined : null;
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  const MaximumRetries = colon < 0 ? null : parseWhole(text.slice(colon + 1));
  if (MaximumRetries === undefined) {
    throw invalidFlag(
      '--restart',
      text,
      'invalid restart policy format: maximum retry count must be an integer',
    );
  }
  // A plugin that is disabled stays so when the daemon starts, whatever its policy: the two mean the same.
  return { Name: name === 'unless-stopped' ? 'always' : name, MaximumRetries };
}

function readHealth(flags: OptionFlags): object | null | undefined {
  const { healthCheck, healthcheck } = flags;
  const reason = 'time: invalid duration';
  const details = given({
    Path: flags.healthPath === taken ? null : flags.healthPath,
    IntervalSeconds: read('--health-interval', flags.healthInterval, parseDuration, reason),
    TimeoutSeconds: read('--health-timeout', flags.healthTimeout, parseDuration, reason),
    Retries: read('--health-retries', flags.healthRetries, parseWhole, 'invalid syntax'),
    Restarts: flags.healthRestart,
  });
  const hasDetails = Object.keys(details).length > 0;
  if (healthcheck === false) {
    if (hasDetails || healthCheck !== undefined) throw conflict('--no-healthcheck', '--health-* options');
    return { Kind: 'none' };
  }
  if (healthCheck === taken) {
    if (hasDetails) throw conflict(`--health-check ${taken}`, 'other --health-* options');
    return null;
  }
  return filled({ ...given({ Kind: healthCheck }), ...details });
}

function readSecurity({ securityOpt = [], readOnly }: OptionFlags): object {
  const areTaken = securityOpt.includes(taken);
  if (areTaken && securityOpt.some((text) => text !== taken)) {
    throw conflict(`--security-opt ${taken}`, 'other --security-opt options');
  }
  const security = given({ ReadOnlyRootfs: readOnly });
  if (!areTaken)
    return given({
      SecurityOpt: securityOpt.length > 0 ? securityOpt : undefined,
      Security: filled(security),
    });
  const noChoice = { Seccomp: null, Apparmor: null, NoNewPrivileges: null, ReadOnlyRootfs: null };
  return { Security: { ...noChoice, ...security } };
}

function readUlimits(texts: readonly string[] = []): number | null | undefined {
  let openFiles: number | null | undefined;
  for (const text of texts) {
    const [name, value = '', ...others] = text.split(/[=:]/);
    if (name !== 'nofile') throw invalidFlag('--ulimit', text, `invalid ulimit type: want nofile`);
    if (others.some((other) => other !== value)) {
      throw invalidFlag('--ulimit', text, 'want one number, for the soft and the hard limit');
    }
    openFiles = read('--ulimit', value, parseWhole, 'invalid ulimit argument');
  }
  return openFiles;
}

/** @returns null to take the field back; undefined when the flag was not given */
function read<Value>(
  flag: string,
  text: string | undefined,
  parse: (text: string) => Value | undefined,
  reason: string,
): Value | null | undefined {
  if (text === undefined) return undefined;
  if (text === taken) return null;
  const value = parse(text);
  if (value === undefined) throw invalidFlag(flag, text, `${reason}: '${text}'`);
  return value;
}

/** Docker's client says so, and ends with 125. */
function invalidFlag(flag: string, text: string, reason: string): CommandError {
  return new CommandError(`invalid argument "${text}" for "${flag}" flag: ${reason}`, { exitCode: 125 });
}

/** In the words of Docker's client, which ends with 125. */
function conflict(flag: string, others: string): CommandError {
  return new CommandError(`${flag} conflicts with ${others}`, { exitCode: 125 });
}

/** Without the fields that nobody gave. */
function given(fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function filled(fields: object): object | undefined {
  return Object.keys(fields).length === 0 ? undefined : fields;
}
