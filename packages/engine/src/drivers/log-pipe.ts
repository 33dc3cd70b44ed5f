/**
 * The FIFO between the engine and a log driver, in a directory that the plugin can only read, or else in the plugin's root
 * filesystem. The plugin may change its tree at the same time: to keep the engine from writing to, or blocking on, another file of the host, every directory is opened relative to a
 * handle on its parent, no link is followed, and the file is checked to be a FIFO before it is opened for writing.
 * @see moby daemon/logger/plugin.go and plugin_unix.go (28.x), fifo(7)
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, constants, fstatSync, mkdirSync, openSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { type Cancellable, fromCallback, rejectOnAbort } from '@outboard/async';
import { errorCode, makeFifo, openEntry, openTrustedDirectory } from '@outboard/container';
import { OutboardError } from '@outboard/oci';

/** O_PATH of Linux on every architecture that Node.js runs on; `fs.constants` has no name for it. */
const pathOnly = 0o10000000;
/** The directory in which Docker's log drivers find their FIFOs. */
const directories = ['run', 'docker', 'logging'] as const;
const fifoMode = 0o600;
/** Bound on unread bytes: two entries of the largest size. */
const maxWaitingBytes = 2 * 1024 * 1024;

/** A FIFO that the plugin reads. */
export interface LogPipe {
  /** Its path in the plugin. */
  readonly file: string;
  /**
   * Write bytes in the order of the calls, each call as a whole.
   * @returns when the bytes are in the FIFO. Aborting ends only the wait: the bytes are written as soon as there is room
   * @throws {OutboardError} unavailable, code `log-pipe-full`, when 2 MiB are waiting; conflict when the pipe is closed; the
   *   signal's reason
   */
  write(bytes: Uint8Array, options?: Cancellable): Promise<void>;
  /** Wait until all bytes are in the FIFO. @throws the signal's reason */
  flush(signal: AbortSignal): Promise<void>;
  /** Close and remove the FIFO; bytes that wait are lost. */
  close(): Promise<void>;
}

/** Where the plugin looks for the FIFO. */
export type LogPipeLocation =
  /** Host side of `/run/docker/logging` in the plugin, which the plugin cannot change. */
  | { readonly directory: string }
  /** The plugin's root directory on the host; trusted for a legacy plugin, whose root is the host's. */
  | { readonly root: string; readonly isTrusted: boolean };

/**
 * Create a FIFO and open it. As in Docker it is opened for reading and writing, so that neither side has to be first.
 * @throws {OutboardError} system when the plugin placed another file in the way; {ErrnoError}
 */
export function makeLogPipe(location: LogPipeLocation): LogPipe {
  const name = randomBytes(32).toString('hex');
  const directory = openDirectory(location);
  // Through the handle, so that a change of the path has no effect.
  const path = `/proc/self/fd/${directory}/${name}`;
  const remove = () => {
    try {
      removePipe(path);
    } finally {
      closeSync(directory);
    }
  };
  let descriptor: number;
  try {
    makeFifo(path, fifoMode);
    descriptor = openFifo(path);
  } catch (error) {
    remove();
    throw error;
  }
  return new OpenLogPipe(`/${directories.join('/')}/${name}`, descriptor, remove);
}

class OpenLogPipe implements LogPipe {
  readonly file: string;
  readonly #socket: Socket;
  readonly #closed: Promise<unknown>;
  readonly #remove: () => void;
  #isOpen = true;
  /** Settles with the last write; never rejects. */
  #written: Promise<void> = Promise.resolve();

  constructor(file: string, descriptor: number, remove: () => void) {
    this.file = file;
    this.#remove = remove;
    // A socket waits in the event loop; a file stream would block a thread of the pool while the FIFO is full.
    this.#socket = new Socket({ fd: descriptor, readable: false, writable: true });
    this.#closed = once(this.#socket, 'close');
    // `write` throws the error.
    this.#socket.on('error', () => {});
  }

  async write(bytes: Uint8Array, { signal }: Cancellable = {}): Promise<void> {
    signal?.throwIfAborted();
    if (!this.#isOpen) throw this.#closedError();
    if (this.#socket.writableLength + bytes.length > maxWaitingBytes) {
      const message = `log pipe ${this.file}: the plugin does not read: ${maxWaitingBytes} bytes wait`;
      throw new OutboardError('unavailable', message, { code: 'log-pipe-full' });
    }
    const written = fromCallback((done) =>
      this.#socket.write(bytes, (error) => {
        // A pending write calls back without an error when the socket is destroyed, and is lost.
        done(this.#isOpen ? error : this.#closedError());
      }),
    );
    this.#written = written.catch(() => {}); // `write` throws it
    await rejectOnAbort(written, signal);
  }

  async flush(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await rejectOnAbort(this.#written, signal);
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket.destroy();
    await this.#closed;
    this.#remove();
  }

  #closedError(): OutboardError {
    return new OutboardError('conflict', `log pipe ${this.file} is closed`);
  }
}

function openDirectory(location: LogPipeLocation): number {
  if ('directory' in location) return openTrustedDirectory(location.directory);
  return location.isTrusted ? makeTrusted(location.root) : makeInside(location.root);
}

/** Open the directory of FIFOs in the host's own tree. */
function makeTrusted(root: string): number {
  let path = root;
  for (const name of directories) {
    path = `${path}/${name}`;
    try {
      mkdirSync(path, { mode: 0o700 });
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
  return openTrustedDirectory(path);
}

/** Open the directory of FIFOs in a tree that a plugin may change. */
function makeInside(root: string): number {
  let handle = openTrustedDirectory(root);
  for (const name of directories) {
    const parent = handle;
    try {
      handle = enterDirectory(parent, name);
    } finally {
      closeSync(parent);
    }
  }
  return handle;
}

function enterDirectory(parent: number, name: string): number {
  let found = openEntry(parent, name);
  if (found.type === 'absent') {
    mkdirSync(`/proc/self/fd/${parent}/${name}`, { mode: 0o700 });
    found = openEntry(parent, name);
  }
  if (found.type === 'directory') return found.handle;
  const path = `"${name}" of /${directories.join('/')} in the plugin`;
  throw new OutboardError('system', `log pipe: want ${path} to be a directory, found: ${found.type}`);
}

/** Open the FIFO, unless the plugin has replaced it: opening another kind of file might block. */
function openFifo(path: string): number {
  const handle = openSync(path, pathOnly | constants.O_NOFOLLOW);
  try {
    if (fstatSync(handle).isFIFO()) {
      return openSync(`/proc/self/fd/${handle}`, constants.O_RDWR | constants.O_NONBLOCK);
    }
  } finally {
    closeSync(handle);
  }
  throw new OutboardError('system', 'log pipe: the plugin replaced it while it was opened');
}

function removePipe(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    // The plugin has removed it, or replaced it by a directory, which is deleted with the plugin.
    if (!['ENOENT', 'EISDIR', 'EPERM'].includes(errorCode(error) ?? '')) throw error;
  }
}
