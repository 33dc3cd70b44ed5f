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
import { makeDirectories } from './make-directories.ts';

/** Start parameters of an engine whose roots are below one directory. */
export interface EngineKind {
  readonly name: 'Docker' | 'Outboard';
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
  readonly kind: EngineKind;
  readonly directory: string;
  readonly api: EngineApi;
  readonly process: ChildProcess;

  private constructor(kind: EngineKind, directory: string, api: EngineApi, child: ChildProcess) {
    this.kind = kind;
    this.directory = directory;
    this.api = api;
    this.process = child;
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
    const child = spawn(program, args, { stdio: ['ignore', log, log], env });
    const api = new EngineApi(socketPath);
    const failed = once(child, 'exit').then(([code]) => {
      throw new Error(`${kind.name} ended with code ${code} before it answered; see ${directory}/daemon.log`);
    });
    await Promise.race([untilAccepting(socketPath), failed]);
    await api.request('GET', '/_ping');
    failed.catch(() => undefined); // From here on its end is expected.
    return new MeasuredEngine(kind, directory, api, child);
  }

  async stop(): Promise<void> {
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
