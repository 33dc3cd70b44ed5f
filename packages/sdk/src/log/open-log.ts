/**
 * One open log: reads the pipe of a container, decodes its frames and writes them to the author's sink.
 */
import { messageOf } from '../plugin-error.ts';
import { settlesWithin } from '../settles-within.ts';
import { LineJoiner } from './line-joiner.ts';
import type { LogEntry, LogSink } from './log-driver.ts';
import type { LogFifo } from './log-fifo.ts';
import { FrameDecoder } from './log-frames.ts';

/** Time for the sink to take the last entries when the log or the plugin ends, in milliseconds. */
const lastEntriesMs = 5000;

/** Parts of an open log. */
export interface OpenLogDeps {
  readonly fifo: LogFifo;
  readonly sink: LogSink;
  /** Give the sink fragments in place of lines. */
  readonly keepsFragments: boolean;
  /** Bytes of a frame whose beginning an earlier process of the plugin has read. */
  readonly rest: Uint8Array;
  /** Receives a line for each failure; `report` names the container. */
  readonly report: (message: string) => void;
}

/** A log that is being written. */
export class OpenLog {
  readonly #deps: OpenLogDeps;
  readonly #joiner = new LineJoiner();
  #decoder: FrameDecoder;
  #isFailing = false;
  /** Resolves when the pipe has ended or was interrupted; never rejects. */
  readonly ended: Promise<void>;

  constructor(deps: OpenLogDeps) {
    this.#deps = deps;
    this.#decoder = new FrameDecoder(deps.rest);
    this.ended = this.#readAll();
  }

  /**
   * Write what the pipe still holds, and close pipe and sink. Bounded in time; failures are reported.
   *
   * @returns bytes of a frame that is not complete, for the next process of the plugin
   */
  async close(): Promise<Uint8Array> {
    const { fifo, report } = this.#deps;
    fifo.interrupt();
    const done = this.#finish();
    if (!(await settlesWithin(done, lastEntriesMs))) {
      report(`the last entries are lost: the sink did not take them within ${lastEntriesMs / 1000} s`);
    }
    fifo.close();
    return this.#decoder.rest;
  }

  async #finish(): Promise<void> {
    const { fifo, sink, report } = this.#deps;
    try {
      await this.ended;
      // From here on the pipe keeps what is written, for the next process.
      const last = fifo.takeAll();
      fifo.close();
      await this.#take(last);
      for (const entry of this.#joiner.flush()) await this.#write(entry);
      await sink.close();
    } catch (error) {
      report(`cannot close the log: ${messageOf(error)}`);
    }
  }

  async #readAll(): Promise<void> {
    const { fifo, report } = this.#deps;
    try {
      for (let chunk = await fifo.read(); chunk !== undefined; chunk = await fifo.read()) {
        await this.#take(chunk);
      }
    } catch (error) {
      report(`cannot read the log: ${messageOf(error)}`);
    }
  }

  /**
   * Write the entries of a chunk. After a malformed frame all bytes until the pipe is empty are skipped, which is where a
   * writer begins its next frame; a plugin that was killed in the middle of a frame needs that.
   */
  async #take(chunk: Uint8Array): Promise<void> {
    try {
      for (const entry of this.#decoder.push(chunk)) {
        for (const line of this.#deps.keepsFragments ? [entry] : this.#joiner.add(entry))
          await this.#write(line);
      }
    } catch (error) {
      const skipped = this.#deps.fifo.takeAll().length;
      this.#decoder = new FrameDecoder();
      this.#deps.fifo.resume();
      this.#deps.report(`${messageOf(error)}; skipped ${skipped} bytes`);
    }
  }

  async #write(entry: LogEntry): Promise<void> {
    try {
      await this.#deps.sink.write(entry);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#deps.report(`cannot write an entry, which is lost: ${messageOf(error)}`);
      this.#isFailing = true;
    }
  }
}
