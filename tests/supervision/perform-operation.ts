/**
 * Performs the operations of a random sequence: requests to the daemon, runs of `outboard`, signals.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { callApi, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { slowed } from '../support/slowness.ts';

/** Environment of the operations. */
export interface OperationPlace {
  readonly home: string;
  /** `127.0.0.1:PORT` of a registry that has `acme/p:v1` and `acme/p:v2`. */
  readonly registry: string;
  daemon: TestDaemon;
}

/** Outcome of an operation. */
export interface Outcome {
  /** HTTP status or exit code; undefined if the connection broke or the client was killed. */
  readonly status?: number;
  readonly text: string;
}

/** Performs an operation. @throws {Error} if there is no response in time */
export type Perform = (place: OperationPlace) => Promise<Outcome>;

/** Upper bound for a response, in milliseconds. */
const maxAnswerMs = slowed(45_000);
const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

/** Start the next daemon. Its temporary files belong to the home as well. */
export async function startPlaceDaemon(home: string): Promise<TestDaemon> {
  return startDaemon({ home, env: { TMPDIR: `${home}/tmp` } });
}

/** One request. A broken connection is an outcome. */
export function request(method: string, path: string, body?: string | Buffer): Perform {
  return (place) => send(place, method, path, body === undefined ? {} : { body });
}

/**
 * Ask for the privileges of a version, and pull it.
 *
 * @param goneAfterMs the client disconnects after this time; default never
 */
export function pull(name: string, version: string, goneAfterMs?: number): Perform {
  return withConsent(
    version,
    (remote) => `/plugins/pull?${new URLSearchParams({ remote, name })}`,
    goneAfterMs,
  );
}

export function upgrade(name: string, version: string): Perform {
  return withConsent(version, (remote) => `/plugins/${name}/upgrade?${new URLSearchParams({ remote })}`);
}

function withConsent(version: string, path: (remote: string) => string, goneAfterMs?: number): Perform {
  return async (place) => {
    const remote = `${place.registry}/acme/p:${version}`;
    const asked = await send(place, 'GET', `/plugins/privileges?${new URLSearchParams({ remote })}`, {});
    if (asked.status !== 200) return asked;
    const body = asked.text;
    return send(place, 'POST', path(remote), { body, ...(goneAfterMs !== undefined && { goneAfterMs }) });
  };
}

/** Run a command of `outboard`. @param goneAfterMs the command is killed after this time; default never */
export function command(args: readonly string[], goneAfterMs?: number): Perform {
  return ({ daemon }) => runProgram(['--host', `unix://${daemon.socket}`, ...args], goneAfterMs);
}

/** The commands in `outboard --help`. */
export async function listCommands(): Promise<ReadonlySet<string>> {
  const { text } = await runProgram(['--help']);
  return new Set([...text.matchAll(/^ {2}([a-z]+)(?:\|[a-z]+)? /gm)].map(([, name = '']) => name));
}

/** Signal a process that may have ended already. */
export function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Errors of process.kill() are system errors.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function send(
  { daemon }: OperationPlace,
  method: string,
  path: string,
  { body, goneAfterMs }: { readonly body?: string | Buffer; readonly goneAfterMs?: number },
): Promise<Outcome> {
  const headers = { 'content-type': 'application/json', connection: 'close' };
  const signal = AbortSignal.timeout(goneAfterMs ?? maxAnswerMs);
  try {
    const options = { headers, signal, ...(body !== undefined && { body }) };
    const { status, text } = await callApi(daemon.socket, method, path, options);
    // A pull answers 200 before its outcome is known.
    return { status: text.includes('"errorDetail"') ? 400 : status, text };
  } catch (error) {
    if (signal.aborted && goneAfterMs === undefined) {
      throw new Error(`${method} ${path} was not answered within ${maxAnswerMs} ms`, { cause: error });
    }
    return { text: String(error) };
  }
}

function runProgram(args: readonly string[], goneAfterMs?: number): Promise<Outcome> {
  const options = { timeout: goneAfterMs ?? maxAnswerMs, killSignal: 'SIGKILL' } as const;
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [program, ...args], options, (_error, stdout, stderr) => {
      const { exitCode } = child;
      if (exitCode !== null) resolve({ status: exitCode, text: stdout + stderr });
      else if (goneAfterMs !== undefined) resolve({ text: 'the client has gone' });
      else reject(new Error(`outboard ${args.join(' ')} did not end within ${maxAnswerMs} ms`));
    });
  });
}
