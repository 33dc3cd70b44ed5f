/**
 * The real daemon in a process of its own, on a unix socket in a temporary directory.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { testedRuntime } from './oci-runtime.ts';

/** A daemon that runs. */
export interface TestDaemon {
  readonly pid: number;
  readonly socket: string;
  readonly dataRoot: string;
  readonly execRoot: string;
  /** Directory of the sockets for other engines. */
  readonly gatewayDirectory: string;
  /** The line on its output that reports readiness. */
  readonly readyLine: string;
  /** Everything logged so far. */
  log(): string;
  /** Wait until the log contains a match. */
  untilLogged(pattern: RegExp): Promise<void>;
  /** Send a signal and wait for the end. @returns exit code, or null if the signal killed it */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Options of a daemon under test. */
export interface TestDaemonOptions {
  /** Holds data root, exec root and socket. */
  readonly home: string;
  /** Further arguments of `outboard daemon`. */
  readonly args?: readonly string[];
  /** Options of Node.js, such as a module to load first. */
  readonly nodeOptions?: readonly string[];
  /** JavaScript that runs in the daemon's process before its start, for failpoints. */
  readonly prelude?: string;
  /** A program with arguments that executes the daemon. */
  readonly around?: readonly string[];
  /** Variables that are added to those of this process, or replace them. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A daemon that may not be ready yet. */
export interface StartingDaemon extends Pick<TestDaemon, 'pid' | 'end'> {
  /** Rejects with its log if it ends before that. */
  readonly ready: Promise<TestDaemon>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = `
  const { runDaemon } = await import('@outboard/daemon');
  process.exitCode = await runDaemon(process.argv.slice(1));
`;

/** Started daemons of each home. */
const daemonsByHome = new Map<string, Set<Pick<TestDaemon, 'end'>>>();

/**
 * A directory with a short name for one daemon, because socket paths are bounded.
 *
 * @returns the directory, and a function that removes it after ending a running daemon, which would recreate its
 * sockets
 */
export async function makeDaemonHome(): Promise<{ home: string; remove: () => Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'ob-'));
  const remove = async () => {
    for (const daemon of daemonsByHome.get(home) ?? []) await daemon.end('SIGTERM');
    daemonsByHome.delete(home);
    await rm(home, { recursive: true, force: true });
  };
  return { home, remove };
}

/**
 * Start a daemon and wait until it is ready.
 *
 * @throws {Error} with its log if it ends before that
 */
export async function startDaemon(options: TestDaemonOptions): Promise<TestDaemon> {
  return spawnDaemon(options).ready;
}

/** Start a daemon without waiting. */
export function spawnDaemon(options: TestDaemonOptions): StartingDaemon {
  const { home, args = [], nodeOptions = [], prelude, env = {}, around = [] } = options;
  const dataRoot = join(home, 'data');
  const execRoot = join(home, 'run');
  const gatewayDirectory = join(home, 'gateway');
  const socket = join(home, 'run', 'outboard.sock');
  // The program starts from its bundle; a prelude needs the modules that it replaces parts of.
  const daemon =
    prelude === undefined
      ? [join(root, 'bin', 'outboard'), 'daemon']
      : ['--input-type=module', '--eval', prelude + program, '--'];
  const command = [
    ...[...nodeOptions, ...daemon, ...runtimeFlags()],
    ...['--data-root', dataRoot, '--exec-root', execRoot, '--host', `unix://${socket}`],
    ...['--gateway-dir', gatewayDirectory, '--gateway-log-dir', join(home, 'logging'), ...args],
  ];
  const [file = process.execPath, ...before] = around;
  const all = around.length === 0 ? command : [...before, process.execPath, ...command];
  const child = spawn(file, all, {
    cwd: join(root, 'tests'),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let log = '';
  child.stderr.on('data', (chunk) => {
    log += chunk;
  });
  const ended = once(child, 'exit');
  async function end(signal: NodeJS.Signals): Promise<number | null> {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
    return child.exitCode;
  }
  const pid = pidOf(child);
  const readyLine = Promise.race([
    once(createInterface(child.stdout), 'line').then(([line]) => String(line)),
    ended.then(([code]) => Promise.reject(new Error(`the daemon ended with ${code}: ${log}`))),
  ]);
  const ready = readyLine.then(
    (line): TestDaemon => ({
      pid,
      socket,
      dataRoot,
      execRoot,
      gatewayDirectory,
      readyLine: line,
      log: () => log,
      async untilLogged(pattern) {
        while (!pattern.test(log)) await once(child.stderr, 'data');
      },
      end,
    }),
  );
  // A caller that ends it early does not wait for readiness.
  ready.catch(() => undefined);
  const started = daemonsByHome.get(home) ?? new Set();
  daemonsByHome.set(home, started.add({ end }));
  return { pid, ready, end };
}

function runtimeFlags(): readonly string[] {
  const runtime = testedRuntime();
  return runtime === undefined ? [] : ['--runtime', runtime];
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('the daemon has no pid');
  return child.pid;
}

/** A response of the API. */
export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

/** Call the API of a daemon. */
export function callApi(
  socketPath: string,
  method: string,
  path: string,
  given: {
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Buffer;
    readonly signal?: AbortSignal;
  } = {},
): Promise<ApiAnswer> {
  const { headers = {}, signal } = given;
  return new Promise((resolve, reject) => {
    // Without a pool: a kept connection may be one to a daemon that has just been killed.
    const options = { socketPath, method, path, headers, agent: false, ...(signal && { signal }) };
    const call = request(options, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, text: body }), reject);
    });
    call.on('error', reject);
    call.end(given.body);
  });
}
