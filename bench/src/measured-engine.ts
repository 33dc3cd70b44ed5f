/**
 * An engine under measurement: started with roots of its own, driven through its socket, stopped by its process ID.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, watch } from 'node:fs';
import { rm } from 'node:fs/promises';
import net from 'node:net';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineApi } from './engine-api.ts';
import { addFigure, type EngineName, type Timings } from './figures.ts';
import { makeDirectories } from './make-directories.ts';
import { removeAll, timed } from './plugin-work.ts';
import { openProcessorAccount, type ProcessorAccount } from './processor-time.ts';

/** Start parameters of an engine whose roots are below one directory. */
export interface EngineKind {
  readonly name: EngineName;
  command(directory: string, socketPath: string, registry: string): readonly string[];
  /** Names of those child processes that belong to the engine, not to a plugin. */
  readonly helperNames: readonly string[];
}

const outboardProgram = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

/** Outboard, from its build. */
export const outboard: EngineKind = {
  name: 'Outboard',
  command: (directory, socketPath, registry) => [
    process.execPath,
    outboardProgram,
    'daemon',
    '--data-root',
    join(directory, 'data'),
    '--exec-root',
    join(directory, 'exec'),
    '--gateway-dir',
    join(directory, 'gateway'),
    '--host',
    `unix://${socketPath}`,
    '--insecure-registry',
    registry,
    '--log-level',
    'error',
  ],
  helperNames: ['conmon'],
};

/** Docker Engine, as installed. */
export const docker: EngineKind = {
  name: 'Docker',
  command: (directory, socketPath, registry) => [
    'dockerd',
    '--data-root',
    join(directory, 'data'),
    '--exec-root',
    join(directory, 'exec'),
    '--pidfile',
    join(directory, 'dockerd.pid'),
    '--host',
    `unix://${socketPath}`,
    '--insecure-registry',
    registry,
    '--bridge=none',
    '--iptables=false',
    '--log-level',
    'error',
  ],
  helperNames: ['containerd', 'containerd-shim'],
};

/** A running engine. */
export class MeasuredEngine {
  static readonly #running = new Set<MeasuredEngine>();

  readonly kind: EngineKind;
  readonly directory: string;
  readonly api: EngineApi;
  readonly process: ChildProcess;
  readonly processor: ProcessorAccount;

  private constructor(
    kind: EngineKind,
    directory: string,
    running: { readonly api: EngineApi; readonly child: ChildProcess; readonly processor: ProcessorAccount },
  ) {
    this.kind = kind;
    this.directory = directory;
    this.api = running.api;
    this.process = running.child;
    this.processor = running.processor;
  }

  /** Start an engine; resolves at its first answer. Its roots stay after a stop, so that it can be started again. */
  static async start(kind: EngineKind, directory: string, registry: string): Promise<MeasuredEngine> {
    await makeDirectories(directory);
    const socketPath = join(directory, 'api.sock');
    await rm(socketPath, { force: true });
    const [program = '', ...args] = kind.command(directory, socketPath, registry);
    const log = createWriteStream(join(directory, 'daemon.log'), { flags: 'a' });
    await once(log, 'open');
    // The environment of a service manager: variables of this shell (such as certificates that Node.js reads at its
    // start) belong to neither engine.
    const env = { PATH: process.env.PATH };
    const processor = await openProcessorAccount(groupName(directory));
    // A process group of its own: an interrupt from the terminal must find it alive, to remove its plugins.
    const child = spawn(program, args, { stdio: ['ignore', log, log], env, detached: true });
    if (child.pid !== undefined) await processor.add(child.pid);
    const api = new EngineApi(socketPath);
    const failed = once(child, 'exit').then(([code]) => {
      throw new Error(`${kind.name} ended with code ${code} before it answered; see ${directory}/daemon.log`);
    });
    await Promise.race([untilAccepting(socketPath), failed]);
    await api.request('GET', '/_ping');
    failed.catch(() => undefined); // From here on its end is expected.
    const engine = new MeasuredEngine(kind, directory, { api, child, processor });
    MeasuredEngine.#running.add(engine);
    return engine;
  }

  /** Time a piece of work, by the clock until it resolves, and by the processor until its aftermath is done as well. */
  async time(timings: Timings, work: () => Promise<unknown>): Promise<void> {
    const before = await this.processor.read();
    addFigure(timings.figures, this.kind.name, await timed(work));
    await settle();
    addFigure(timings.processor, this.kind.name, (await this.processor.read()) - before);
  }

  /** Let every later request to an engine that runs fail with an error. */
  static refuseRequests(reason: Error): void {
    for (const { api } of MeasuredEngine.#running) api.refuse(reason);
  }

  /** Remove the plugins of the engines that run, and stop them. */
  static async stopAll(): Promise<void> {
    for (const engine of MeasuredEngine.#running) {
      // Whatever keeps a plugin from being removed, the others are.
      const api = new EngineApi(join(engine.directory, 'api.sock'));
      await removeAll(api).catch((error: unknown) => console.error(error));
      api.close();
      await engine.stop();
    }
  }

  async stop(): Promise<void> {
    MeasuredEngine.#running.delete(this);
    this.api.close();
    const exited = once(this.process, 'exit');
    if (this.process.exitCode === null && this.process.kill('SIGTERM')) await exited;
  }
}

/** Resolves when the socket accepts a connection; the directory is watched, not polled. */
async function untilAccepting(socketPath: string): Promise<void> {
  const watcher = watch(dirname(socketPath));
  try {
    while (!(await accepts(socketPath))) {
      // An event may precede the watch, or name the socket before it listens.
      await once(watcher, 'change', { signal: AbortSignal.timeout(5) }).catch(() => undefined);
    }
  } finally {
    watcher.close();
  }
}

function accepts(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Name of an engine within a run of the benchmark. */
export function engineDirectory(root: string, kind: EngineKind): string {
  return join(root, basename(kind.name).toLowerCase());
}

/** Wait for work that an engine does after its answer, such as collecting garbage. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 300));
}

/** Start an engine as `MeasuredEngine.start` does, and time it until its first answer. */
export async function timeStart(
  timings: Timings,
  kind: EngineKind,
  { root, registry }: { readonly root: string; readonly registry: { readonly host: string } },
): Promise<MeasuredEngine> {
  const directory = engineDirectory(root, kind);
  const before = await (await openProcessorAccount(groupName(directory))).read();
  const startedAt = performance.now();
  const engine = await MeasuredEngine.start(kind, directory, registry.host);
  addFigure(timings.figures, kind.name, performance.now() - startedAt);
  addFigure(timings.processor, kind.name, (await engine.processor.read()) - before);
  return engine;
}

/** Name of the control group of the engine with a directory. */
function groupName(directory: string): string {
  return `${basename(dirname(directory))}-${basename(directory)}`;
}

/** Remove the control groups of engines that have ended. */
export async function removeGroups(root: string, kinds: readonly EngineKind[]): Promise<void> {
  for (const kind of kinds)
    await (await openProcessorAccount(groupName(engineDirectory(root, kind)))).close();
}
