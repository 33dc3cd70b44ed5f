/**
 * Starts conmon, which creates the container and then holds it: it keeps the output pipes open, writes the log and
 * the exit code, and lives on when this process ends.
 * @see conmon(8), version 2.1
 */
import type { Readable } from 'node:stream';
import { joinSignals, rejectOnAbort } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import * as z from 'zod';
import type { CgroupDriver } from '../cgroup/cgroup-driver.ts';
import { inScope, type ProgramCall } from '../cgroup/systemd-scope.ts';
import type { ProcessEnd } from '../linux/posix-spawn.ts';
import { endProcessGroup, identifyProcess, type ProcessIdentity } from '../linux/process-identity.ts';
import { programEnvironment } from '../linux/run-program.ts';
import { type SpawnedProcess, spawnProcess } from '../linux/spawn-process.ts';
import { type BundlePaths, exitDirectory } from './bundle.ts';
import { readRuntimeMessage } from './runtime-message.ts';

/** What conmon is to hold. */
export interface ConmonRequest {
  readonly conmon: string;
  readonly runtime: string;
  /** The runtime's state directory. */
  readonly runtimeRoot: string;
  readonly id: string;
  readonly generation: string;
  readonly paths: BundlePaths;
  /** Who makes the container's cgroup; with systemd the monitor has a scope of its own. */
  readonly driver: CgroupDriver;
  /** After this many bytes conmon begins the log anew: it renames an empty file over it. */
  readonly maxLogBytes: number;
}

/** A created container that waits to be started, and the monitor that holds it. */
export interface CreatedContainer {
  readonly container: ProcessIdentity;
  readonly monitor: ProcessIdentity;
  /** Resolves when the monitor has ended; it does not keep this process alive. */
  readonly monitorEnded: Promise<void>;
}

/** The log, seen from the bundle. */
const conmonLogPath = 'logs/log';

/** Descriptor number of the sync pipe in conmon. */
const syncPipeFd = 3;

/** Bound on what conmon may say on the sync pipe and on stderr. */
const maxReportBytes = 64 * 1024;

/** conmon's command line. */
export function conmonArguments(request: ConmonRequest): readonly string[] {
  const { id, paths } = request;
  return [
    // Stay this process's child while it lives: its end is then known at once, and no init has to reap it.
    '--sync',
    // The attach socket's path may be longer than the 107 bytes of a socket address.
    '--full-attach',
    ...['--socket-dir-path', paths.directory],
    ...['--cid', id, '--cuuid', id],
    ...['--runtime', request.runtime, `--runtime-arg=--root=${request.runtimeRoot}`],
    ...(request.driver === 'systemd' ? ['--systemd-cgroup'] : []),
    ...['--bundle', paths.directory, '--container-pidfile', paths.containerPid],
    ...['--exit-dir', exitDirectory(paths, request.generation)],
    // From its working directory, since it takes a colon in the path for the end of it.
    ...['--log-path', `k8s-file:${conmonLogPath}`, '--log-size-max', String(request.maxLogBytes)],
    // A disk that is slow must not hold up the end of a plugin.
    '--no-sync-log',
  ];
}

/**
 * Create a container under a new conmon. After its fork conmon reports only on the sync pipe, so that is read with a
 * deadline; when anything fails, conmon and the runtime it started are killed.
 *
 * @throws {OutboardError} system with the runtime's own words; the abort reason when aborted
 */
export async function createUnderConmon(
  request: ConmonRequest,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<CreatedContainer> {
  options.signal?.throwIfAborted();
  const monitor = startMonitor(request, await monitorCall(request));
  // Present, since they were asked for.
  const errors = monitor.stdio[2] as Readable;
  const syncPipe = monitor.stdio[syncPipeFd] as Readable;
  try {
    const containerPid = await awaitReport(monitor, syncPipe, errors, options);
    monitor.unref();
    return {
      container: requireProcess(containerPid, 'the container'),
      monitor: requireProcess(monitor.pid, 'conmon'),
      monitorEnded: monitor.ended.then(() => undefined),
    };
  } catch (error) {
    await endProcessGroup(monitor.pid);
    throw error;
  } finally {
    syncPipe.destroy();
    errors.destroy();
  }
}

/** conmon, in a scope of its own where systemd makes the cgroups: neither in that of the daemon nor in the container's. */
async function monitorCall(request: ConmonRequest): Promise<ProgramCall> {
  const call = { file: request.conmon, args: conmonArguments(request) };
  if (request.driver === 'cgroupfs') return call;
  const unit = `outboard-conmon-${request.id}-${request.generation}.scope`;
  return inScope(unit, `Monitor of the Outboard plugin ${request.id}`, call);
}

function startMonitor(request: ConmonRequest, { file, args }: ProgramCall): SpawnedProcess {
  try {
    return spawnProcess(file, args, {
      // Its own session: a Ctrl-C at the daemon's terminal is not meant for plugins.
      newSession: true,
      // conmon marks an out-of-memory kill by a file in its working directory.
      cwd: request.paths.directory,
      env: { ...programEnvironment(), _OCI_SYNCPIPE: String(syncPipeFd) },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    throw failure(`cannot run conmon: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

async function awaitReport(
  monitor: SpawnedProcess,
  syncPipe: Readable,
  errors: Readable,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<number> {
  const said = collect(errors);
  const { timeoutMs, signal } = options;
  using stop = joinSignals([signal], {
    timeoutMs,
    timeoutReason: () => failure(`conmon did not report within ${timeoutMs} ms`),
  });
  const line = await rejectOnAbort(readLine(syncPipe), stop.signal);
  if (line === '') throw failure(`conmon ended without a report: ${await afterwards(said, monitor)}`);
  return parseReport(line);
}

function requireProcess(pid: number, what: string): ProcessIdentity {
  const identity = identifyProcess(pid);
  if (identity !== undefined) return identity;
  throw failure(`OCI runtime create failed: ${what} (pid ${pid}) ended at once`);
}

const report = z.object({ pid: z.int(), message: z.string().optional() });

/** @returns the container's pid */
function parseReport(line: string): number {
  const parsed = report.safeParse(parseJson(line));
  if (!parsed.success) throw failure(`conmon reported "${readRuntimeMessage(line)}", expected a pid`);
  const { pid, message = '' } = parsed.data;
  if (pid > 0) return pid;
  const reason = readRuntimeMessage(message);
  // Docker's words, which its users search for.
  throw failure(
    `OCI runtime create failed: ${reason === '' ? `unknown reason (conmon reports ${pid})` : reason}`,
  );
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // The schema refuses undefined and shows the line.
    return undefined;
  }
}

/** The first line of a stream, or what there is when it ends before; bounded. */
async function readLine(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) {
    text += String(chunk);
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
    if (text.length > maxReportBytes) throw failure(`conmon reported more than ${maxReportBytes} bytes`);
  }
  return text;
}

/** Keeps the beginning of a stream and reads the rest away, so that its writer is never held up. */
function collect(stream: Readable): { text: string } {
  const kept = { text: '' };
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    if (kept.text.length < maxReportBytes) kept.text += chunk;
  });
  // Whatever breaks this stream breaks the sync pipe too, where it is reported.
  stream.on('error', () => undefined);
  return kept;
}

/**
 * What conmon had said by the time that it ended. It and the runtime that it runs are killed before, so that none of
 * them makes anything more; the container itself has its own session and is found by its cgroup.
 */
async function afterwards(said: { readonly text: string }, monitor: SpawnedProcess): Promise<string> {
  await endProcessGroup(monitor.pid);
  const message = readRuntimeMessage(said.text);
  return message === '' ? describeEnd(await monitor.ended) : message;
}

function describeEnd({ code, signal }: ProcessEnd): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}

function failure(message: string, cause?: unknown): OutboardError {
  return new OutboardError('system', message, cause === undefined ? {} : { cause });
}
