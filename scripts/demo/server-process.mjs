/**
 * Starts a server in a process of its own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, watch } from 'node:fs';
import { identifyProcess, stopProcess } from './processes.mjs';

/**
 * Start a server and wait until it reports readiness.
 *
 * @param {{ command: readonly string[], logFile: string, ready: RegExp, signal: AbortSignal }} options `ready` is
 * matched against everything that the server writes; `logFile` must not exist
 * @returns {Promise<{ identity: import('./processes.mjs').ProcessIdentity, match: RegExpExecArray }>}
 */
export async function startServer({ command, logFile, ready, signal }) {
  signal.throwIfAborted();
  const [program, ...args] = command;
  const log = openSync(logFile, 'wx', 0o600);
  // In a session of its own, so that Ctrl-C reaches the demo only, which then ends its servers in order.
  const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  const settled = new AbortController();
  const ended = once(child, 'exit', { signal: settled.signal }).then(() => {
    throw new Error(`${program} ended at once:\n${readFileSync(logFile, 'utf8').slice(-2000)}`);
  });
  try {
    const match = await Promise.race([
      matchInFile(logFile, ready, AbortSignal.any([signal, settled.signal])),
      ended,
    ]);
    return { identity: identifyProcess(child.pid), match };
  } catch (error) {
    const identity = identifyProcess(child.pid);
    if (identity !== undefined) await stopProcess(identity);
    throw error;
  } finally {
    ended.catch(() => undefined);
    settled.abort();
    child.unref();
  }
}

/** The watch begins before the first read, so that no line is missed. */
function matchInFile(file, pattern, signal) {
  const found = new Promise((resolve, reject) => {
    const watcher = watch(file, { signal });
    const look = () => {
      const match = pattern.exec(readFileSync(file, 'utf8'));
      if (match === null) return;
      watcher.close();
      resolve(match);
    };
    watcher.on('change', look);
    watcher.on('error', reject);
    signal.addEventListener('abort', () => reject(signal.reason));
    look();
  });
  // The loser of the race against the end of the process is not awaited.
  found.catch(() => undefined);
  return found;
}
