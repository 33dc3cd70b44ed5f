/**
 * A connection that sends bytes that were made before and reads no more of an answer than its status and its end, so that the
 * processors work for what is measured.
 */
import { once } from 'node:events';
import net from 'node:net';

const ok = 'HTTP/1.1 200';

/** One HTTP/1.1 connection to a unix socket. */
export class LeanConnection {
  readonly #socket: net.Socket;
  #text = '';
  #answered: ((error?: Error) => void) | undefined;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#receive(text));
    socket.on('error', (error) => this.#answered?.(error));
    socket.on('close', () => this.#answered?.(new Error(`the connection was closed after: ${this.#text}`)));
  }

  /** Connect. @throws the system's error */
  static async open(path: string): Promise<LeanConnection> {
    const socket = net.connect(path);
    await once(socket, 'connect');
    return new LeanConnection(socket);
  }

  /** Send one request and wait for its answer. @throws {Error} for a status other than 200 */
  call(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#answered = (error) => {
        this.#answered = undefined;
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#socket.write(bytes);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    this.#text += text;
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/content-length: *(\d+)/i.exec(this.#text)?.[1] ?? Number.NaN);
    if (this.#text.length < end + 4 + length) return;
    const answer = this.#text;
    this.#text = '';
    const isGood = answer.startsWith(ok) && !Number.isNaN(length);
    this.#answered?.(isGood ? undefined : new Error(`want ${ok} with a length, got: ${answer}`));
  }
}
