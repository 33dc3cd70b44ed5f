/**
 * The pipe between a host and a log driver: a fifo in the plugin's tree. The plugin may write its tree while we work
 * there, so every directory is entered through a handle on its parent, no link is followed, and what is opened in the
 * end is judged first: the plugin must not get us to write into, or to wait at, another file of the host.
 * @see moby daemon/logger/plugin.go and plugin_unix.go (28.x), fifo(7)
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, constants, fstatSync, mkdirSync, openSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { fromCallback, rejectOnAbort } from '@outboard/async';
import { errorCode, makeFifo, openEntry, openTrustedDirectory } from '@outboard/container';
import { OutboardError } from '@outboard/oci';

/** O_PATH of Linux on every architecture that Node.js runs on; `fs.constants` has no name for it. */
const pathOnly = 0o10000000;
/** Where Docker's log drivers find their pipes. */
const directories = ['run', 'docker', 'logging'] as const;
const fifoMode = 0o600;
/** What may wait for the plugin to read: two entries of the largest size. */
const maxWaitingBytes = 2 * 1024 * 1024;

/** A pipe that the plugin can open to read. */
export interface LogPipe {
  /** As the plugin sees it. */
  readonly file: string;
  /**
   * Write bytes whole, in the order of the calls.
   * @returns when they are in the pipe. An aborted wait takes nothing back: the bytes go as soon as there is room
   * @throws {OutboardError} unavailable, code `log-pipe-full`, when 2 MiB wait already; conflict when it is closed
   *   before; the signal's reason
   */
  write(bytes: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Wait until everything is in the pipe. @throws the signal's reason */
  flush(signal: AbortSignal): Promise<void>;
  /** Close and remove it; what waits is lost. */
  close(): Promise<void>;
}

/**
 * Make a pipe and open it. As in Docker it is opened to read and write, so that neither side has to come first.
 * @param place the plugin's root on the host: of a managed plugin as something to be careful with, of a legacy one,
 *   which shares the host's, as it is
 * @throws {OutboardError} system when the plugin put something else in the way; {ErrnoError}
 */
export function makeLogPipe(place: { readonly root: string; readonly isTrusted: boolean }): LogPipe {
  const name = randomBytes(32).toString('hex');
  const directory = place.isTrusted ? makeTrusted(place.root) : makeInside(place.root);
  // Through the handle: nothing that happens to the path changes where this leads.
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
  /** Ends when the last write does. */
  #written: Promise<void> = Promise.resolve();

  constructor(file: string, descriptor: number, remove: () => void) {
    this.file = file;
    this.#remove = remove;
    // As a socket it waits for room in the event loop; as a file it would hold a thread of the pool while it waits.
    this.#socket = new Socket({ fd: descriptor, readable: false, writable: true });
    this.#closed = once(this.#socket, 'close');
    // Whoever writes is told.
    this.#socket.on('error', () => {});
  }

  async write(bytes: Uint8Array, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    signal?.throwIfAborted();
    if (!this.#isOpen) throw this.#closedError();
    if (this.#socket.writableLength + bytes.length > maxWaitingBytes) {
      const message = `log pipe ${this.file}: the plugin does not read: ${maxWaitingBytes} bytes wait`;
      throw new OutboardError('unavailable', message, { code: 'log-pipe-full' });
    }
    const written = fromCallback((done) =>
      this.#socket.write(bytes, (error) => {
        // A write that is under way when the socket is destroyed ends without an error, and is lost.
        done(this.#isOpen ? error : this.#closedError());
      }),
    );
    this.#written = written.catch(() => {}); // the writer hears of it; a flush only waits
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

/** Handle on the directory of pipes, in a tree that belongs to the host. */
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

/** Handle on the directory of pipes, in a tree that a plugin may change. */
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
  const place = `"${name}" of /${directories.join('/')} in the plugin`;
  throw new OutboardError('system', `log pipe: want ${place} to be a directory, found: ${found.type}`);
}

/** The plugin may have put another file in its place since; only a fifo is opened, which no one has to wait for. */
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
    // Gone already, or a directory that the plugin made of it, in its own tree: it goes with the plugin.
    if (!['ENOENT', 'EISDIR', 'EPERM'].includes(errorCode(error) ?? '')) throw error;
  }
}
