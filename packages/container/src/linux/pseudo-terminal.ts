/**
 * Pseudo-terminals: a program gets one end as its terminal, this process has the other.
 * @see pty(7), ioctl_tty(2), termios(3)
 */
import { closeSync, constants, openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { errorCode } from './errno.ts';
import { bindCall, checkResult } from './libc.ts';

/** In characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A pseudo-terminal. */
export interface PseudoTerminal {
  /** Input of the program; destroying it hangs up the terminal. */
  readonly stream: ReadStream;
  /** Output of the program, to be read once. It ends when no process has the other end open any more. */
  readonly output: AsyncIterable<Buffer>;
  /** Descriptor of the other end, for the program. */
  readonly programEnd: number;
  /** Change the size. Programs need a SIGWINCH as well where this is not their controlling terminal. */
  resize(size: TerminalSize): void;
  /** Close this process's descriptor of the other end, after the program has it. Idempotent. */
  closeProgramEnd(): void;
}

const posixOpenpt = bindCall<[flags: number]>('int posix_openpt(int flags)');
const unlockpt = bindCall<[fd: number]>('int unlockpt(int fd)');
const ptsname = bindCall<[fd: number, name: Uint8Array, size: number]>(
  'int ptsname_r(int fd, void *name, size_t size)',
);
const ioctl = bindCall<[fd: number, request: number, argument: Uint8Array]>(
  'int ioctl(int fd, unsigned long request, void *argument)',
);
const tcgetattr = bindCall<[fd: number, attributes: Uint8Array]>('int tcgetattr(int fd, void *attributes)');
const tcsetattr = bindCall<[fd: number, when: number, attributes: Uint8Array]>(
  'int tcsetattr(int fd, int when, const void *attributes)',
);
const cfmakeraw = bindCall<[attributes: Uint8Array]>('void cfmakeraw(void *attributes)');

const closeOnExec = 0o2000000; // O_CLOEXEC, which node:fs sets implicitly
const setWindowSize = 0x5414; // TIOCSWINSZ, on every architecture that Node.js runs on but MIPS and PowerPC
/** Larger than `struct termios`, and larger than arrays on the V8 heap, which move. */
const structureBytes = 256;
const now = 0; // TCSANOW

/**
 * Open a terminal in raw mode: bytes pass unchanged in both directions.
 * @throws {ErrnoError} when the host has none left
 */
export function openPseudoTerminal(size: TerminalSize): PseudoTerminal {
  const flags = constants.O_RDWR | constants.O_NOCTTY;
  const master = checkResult(posixOpenpt(flags | closeOnExec), 'posix_openpt');
  let stream: ReadStream | undefined;
  try {
    const name = Buffer.alloc(structureBytes);
    checkResult(unlockpt(master), 'unlockpt');
    checkResult(ptsname(master, name, name.length), 'ptsname_r');
    setSize(master, size);
    stream = new TerminalStream(master);
    const programEnd = openSync(name.toString('latin1', 0, name.indexOf(0)), flags);
    makeRaw(programEnd);
    return assemble(master, stream, programEnd);
  } catch (error) {
    if (stream === undefined) closeSync(master);
    else stream.destroy();
    throw error;
  }
}

function assemble(master: number, stream: ReadStream, programEnd: number): PseudoTerminal {
  let isOpen = true;
  return {
    stream,
    output: stream,
    programEnd,
    resize(size) {
      if (!stream.destroyed) setSize(master, size);
    },
    closeProgramEnd() {
      if (isOpen) closeSync(programEnd);
      isOpen = false;
    },
  };
}

/**
 * A stream that treats EIO as its end: that is the error of reading a terminal that no other process has open. Ending
 * it, and not destroying it, keeps the output that was not read yet.
 */
class TerminalStream extends ReadStream {
  override destroy(error?: Error): this {
    if (errorCode(error) !== 'EIO' || this.readableEnded) return super.destroy(error);
    this.push(null);
    this.read(0);
    return this;
  }
}

function setSize(master: number, { columns, rows }: TerminalSize): void {
  const size = Buffer.alloc(structureBytes);
  // struct winsize: rows, columns, and two unused fields.
  new Uint16Array(size.buffer, size.byteOffset, 2).set([rows, columns]);
  checkResult(ioctl(master, setWindowSize, size), 'ioctl TIOCSWINSZ');
}

function makeRaw(terminal: number): void {
  const attributes = Buffer.alloc(structureBytes);
  checkResult(tcgetattr(terminal, attributes), 'tcgetattr');
  cfmakeraw(attributes);
  checkResult(tcsetattr(terminal, now, attributes), 'tcsetattr');
}
