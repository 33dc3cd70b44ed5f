/**
 * A connection to a daemon on another host: standard input and output of the system's `ssh`, in the place of a socket.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { CommandError, codeOf, messageOf } from '../command-error.ts';
import { type SshTarget, sshArguments } from './ssh-address.ts';

/** The end of the messages of ssh that is kept. */
const maxMessageLength = 4096;

/**
 * Connect. Errors of ssh and of the program on the other host come as errors of the stream.
 * @param text the address for messages
 */
export function connectBySsh(target: SshTarget, text: string): Duplex {
  return new SshConnection(target, text);
}

class SshConnection extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #text: string;
  #messages = '';
  #hasData = false;

  constructor(target: SshTarget, text: string) {
    super({ allowHalfOpen: true });
    this.#text = text;
    this.#child = spawn('ssh', sshArguments(target), { stdio: ['pipe', 'pipe', 'pipe'] });
    const { stdin, stdout, stderr } = this.#child;
    stdout.on('data', (bytes) => {
      this.#hasData = true;
      if (!this.push(bytes)) stdout.pause();
    });
    stderr.setEncoding('utf8').on('data', (part: string) => {
      this.#messages = (this.#messages + part).slice(-maxMessageLength);
    });
    // The end of ssh tells the reason.
    stdin.on('error', () => {});
    this.#child.on('error', (error) => this.destroy(this.#notStarted(error)));
    this.#child.on('close', (code) => this.#end(code));
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // An error of the pipe is explained by the end of ssh.
    this.#child.stdin.write(chunk, encoding, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#child.kill();
    done(error);
  }

  // A pool of node:http calls these of each socket. The process ends with the connection.
  setKeepAlive(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  #end(code: number | null): void {
    if (this.destroyed) return;
    if (code === 0 || this.#hasData) this.push(null);
    else this.destroy(this.#failed());
  }

  #failed(): CommandError {
    const messages = this.#messages
      .trim()
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '');
    const reason = messages.length === 0 ? 'ssh gave no reason' : messages.join('; ');
    return new CommandError(`cannot connect to the daemon at ${this.#text}: ${reason}${nextStep(reason)}`);
  }

  #notStarted(error: Error): CommandError {
    const reason =
      codeOf(error) === 'ENOENT'
        ? 'there is no program "ssh" in PATH (Debian: openssh-client)'
        : `cannot start ssh: ${messageOf(error)}`;
    return new CommandError(`cannot connect to the daemon at ${this.#text}: ${reason}`, { cause: error });
  }
}

/** The command that resolves a usual refusal of ssh. */
function nextStep(reason: string): string {
  if (/Host key verification failed/.test(reason)) {
    return '; connect once by hand with ssh, which asks about the key of that host';
  }
  if (/Permission denied/.test(reason)) {
    return '; outboard does not ask for passwords: use a key with ssh-agent, or IdentityFile in ~/.ssh/config';
  }
  return '';
}
