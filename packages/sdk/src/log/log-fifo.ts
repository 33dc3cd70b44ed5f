/**
 * The pipe on which an engine sends the entries of one container. Engines keep it open for reading as well, so there is no
 * end of file before they have stopped the log: the end of what was written is an empty pipe.
 */
import { EventEmitter, once } from 'node:events';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { messageOf, PluginError } from '../plugin-error.ts';

const chunkBytes = 64 * 1024;
/** Upper bound of what is read at once from a pipe, whose writer may never pause. */
const maxDrainBytes = 16 * 1024 * 1024;

/** A pipe that is open for reading. Chunks are read only as fast as they are taken. */
export class LogFifo {
  readonly #socket: Socket;
  readonly #fd: number;
  readonly #chunks: Buffer[] = [];
  readonly #changes = new EventEmitter();
  #isAtEnd = false;

  private constructor(fd: number) {
    this.#fd = fd;
    // A socket, not a file: reads of files block the threads of Node.js, of which there are four.
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.#socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#socket.pause();
      this.#changes.emit('change');
    });
    // A pipe that cannot be read has ended; 'close' follows.
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      this.#isAtEnd = true;
      this.#changes.emit('change');
    });
  }

  /** Open a pipe. @throws {PluginError} if there is none at the path */
  static open(path: string): LogFifo {
    let fd: number;
    try {
      // Neither waits for a writer nor follows a link that someone planted.
      fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    } catch (cause) {
      throw new PluginError(`cannot open the log pipe "${path}": ${messageOf(cause)}`, { cause });
    }
    if (!fstatSync(fd).isFIFO()) {
      closeSync(fd);
      throw new PluginError(`cannot open the log pipe "${path}": it is not a named pipe`, { status: 400 });
    }
    return new LogFifo(fd);
  }

  /** The next bytes; undefined when all writers have closed the pipe, and after `interrupt`. */
  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        if (this.#chunks.length === 0 && !this.#isAtEnd) this.#socket.resume();
        return chunk;
      }
      if (this.#isAtEnd) return undefined;
      await once(this.#changes, 'change');
    }
  }

  /** End a running `read` and all later ones. The pipe stays open. */
  interrupt(): void {
    this.#isAtEnd = true;
    this.#socket.pause();
    this.#changes.emit('change');
  }

  /** Take all that was written so far, 16 MiB at most, without waiting. */
  takeAll(): Uint8Array {
    this.#socket.pause();
    const taken: Uint8Array[] = this.#chunks.splice(0);
    if (this.#socket.destroyed) return Buffer.concat(taken);
    for (let chunk = this.#socket.read(); chunk !== null; chunk = this.#socket.read()) {
      // A socket without an encoding yields buffers.
      taken.push(chunk as Buffer);
    }
    for (let size = 0; size < maxDrainBytes; ) {
      const chunk = readNow(this.#fd);
      if (chunk.length === 0) break;
      size += chunk.length;
      taken.push(chunk);
    }
    return Buffer.concat(taken);
  }

  /** Go on reading after `takeAll`. */
  resume(): void {
    this.#socket.resume();
  }

  /** Close the pipe. What was not taken is lost, except for what no one has read from the pipe. */
  close(): void {
    this.#socket.destroy();
  }
}

/** Bytes that are in the pipe; none if it is empty or has ended. */
function readNow(fd: number): Uint8Array {
  const chunk = Buffer.alloc(chunkBytes);
  try {
    return chunk.subarray(0, readSync(fd, chunk));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return new Uint8Array(0);
    throw error;
  }
}
