/**
 * Runs a plugin program in a process of its own and waits until it accepts connections.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';

/** A plugin that runs. */
export interface PluginProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Its standard error so far. */
  errors(): string;
  /** Send a signal and wait for the end. @returns exit code, or null if the signal killed it */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/**
 * Start a program and wait until its socket accepts connections.
 *
 * @throws {Error} with its standard error if it ends before that
 */
export async function startPluginProcess(
  command: readonly [string, ...string[]],
  socketPath: string,
  env: Readonly<Record<string, string>> = {},
): Promise<PluginProcess> {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const errors: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
  const ended = once(child, 'exit');
  const stopWatching = new AbortController();
  try {
    await Promise.race([
      socketAccepts(socketPath, stopWatching.signal),
      ended.then(() => Promise.reject(new Error(`the plugin ended: ${Buffer.concat(errors).toString()}`))),
    ]);
  } finally {
    stopWatching.abort();
  }
  async function end(signal: NodeJS.Signals): Promise<number | null> {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
    return child.exitCode;
  }
  return {
    child,
    errors: () => Buffer.concat(errors).toString(),
    end,
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
    },
  };
}

/**
 * A stale socket refuses connections, so each change of the directory triggers another attempt. The watch begins before
 * the first attempt, so that no change is missed.
 */
function socketAccepts(path: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const watcher = watch(dirname(path), { signal });
    const knock = (): void => {
      const socket = connect(path);
      socket.once('connect', () => {
        socket.destroy();
        resolve();
      });
      socket.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT' && error.code !== 'ECONNREFUSED') reject(error);
      });
    };
    watcher.on('change', knock);
    watcher.on('error', reject);
    knock();
  });
}
