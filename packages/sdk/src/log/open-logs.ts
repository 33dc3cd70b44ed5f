/**
 * All open logs of a plugin. Which ones are open is kept in a file, because engines do not announce them again after a
 * restart of the plugin.
 */
import { messageOf } from '../plugin-error.ts';
import { SerialQueue } from '../state/serial-queue.ts';
import type { StateFile } from '../state/state-file.ts';
import type { CallContext } from '../wire/call.ts';
import { fieldsOf, type Message, messageListField, objectOf, textField } from '../wire/message.ts';
import { readContainer } from './container-info.ts';
import type { LogDriver, LoggedContainer, LogSink } from './log-driver.ts';
import { LogFifo } from './log-fifo.ts';
import { OpenLog } from './open-log.ts';

/** Record of one open log. */
export interface LogRecord {
  /** Path of the pipe in the plugin. */
  readonly file: string;
  /** The engine's description of the container. */
  readonly info: Message;
  /** Bytes of a frame that an earlier process has begun to read. */
  readonly rest: Uint8Array;
}

/** Parts of `OpenLogs`. */
export interface OpenLogsDeps {
  readonly driver: LogDriver;
  readonly state: StateFile;
  readonly log: (message: string) => void;
}

/** Starts and stops logs by the paths of their pipes. */
export class OpenLogs {
  readonly #deps: OpenLogsDeps;
  readonly #queue = new SerialQueue();
  readonly #records = new Map<string, LogRecord>();
  readonly #open = new Map<string, OpenLog>();

  constructor(deps: OpenLogsDeps) {
    this.#deps = deps;
  }

  /** Read a log from now on. A log that is open stays so. */
  start(file: string, info: Message, context: CallContext): Promise<void> {
    return this.#queue.run(file, async () => {
      if (this.#open.has(file)) return;
      const record = { file, info, rest: new Uint8Array(0) };
      await this.#begin(record, (container) => this.#deps.driver.openLog(container, context));
      this.#records.set(file, record);
      await this.#save().catch(async (error: unknown) => {
        await this.#end(file);
        throw error;
      });
    });
  }

  /** Write what the pipe of a log still holds, and close it. No error for a log that is not open. */
  stop(file: string): Promise<void> {
    return this.#queue.run(file, async () => {
      await this.#end(file);
      await this.#save();
    });
  }

  /**
   * Open the logs again that an earlier process of the plugin had open. Those whose pipe is gone are forgotten. If the driver
   * fails, the pipe is read all the same, because the container would block in its output.
   */
  restore(records: readonly LogRecord[], context: CallContext): void {
    const { driver, log } = this.#deps;
    for (const record of records) {
      this.#records.set(record.file, record);
      const openSink = (container: LoggedContainer) =>
        driver.openLog(container, context).catch((error: unknown) => {
          log(`cannot open the log of ${nameOf(record.info)} again, its lines are lost: ${messageOf(error)}`);
          return droppingSink;
        });
      this.#queue
        .run(record.file, () => this.#begin(record, openSink))
        .catch(async (error: unknown) => {
          log(`cannot open the log of ${nameOf(record.info)} again: ${messageOf(error)}`);
          this.#records.delete(record.file);
          await this.#save();
        })
        .catch((error: unknown) => log(messageOf(error)));
    }
  }

  /** Close all, for the next process to open again. */
  async close(): Promise<void> {
    await this.#queue.idle();
    await Promise.all(
      [...this.#open].map(async ([file, log]) => {
        this.#open.delete(file);
        const rest = await log.close();
        const record = this.#records.get(file);
        if (record !== undefined) this.#records.set(file, { ...record, rest });
      }),
    );
    await this.#save();
  }

  /** Open pipe and sink. The pipe first: it is closed if the sink fails, which nothing else would do. */
  async #begin(record: LogRecord, openSink: (container: LoggedContainer) => Promise<LogSink>): Promise<void> {
    const { driver, log } = this.#deps;
    const container = readContainer(record.info);
    const fifo = LogFifo.open(record.file);
    try {
      const sink = await openSink(container);
      const report = (message: string) => log(`log of ${nameOf(record.info)}: ${message}`);
      const keepsFragments = driver.keepsFragments ?? false;
      const opened = new OpenLog({ fifo, sink, keepsFragments, rest: record.rest, report });
      this.#open.set(record.file, opened);
      void opened.ended.then(() => this.#endByItself(record.file, opened));
    } catch (error) {
      fifo.close();
      throw error;
    }
  }

  /** The engine is gone: it had the pipe open for as long as it lived. */
  #endByItself(file: string, opened: OpenLog): void {
    if (this.#open.get(file) !== opened) return;
    this.stop(file).catch((error: unknown) => this.#deps.log(messageOf(error)));
  }

  async #end(file: string): Promise<void> {
    const log = this.#open.get(file);
    this.#open.delete(file);
    this.#records.delete(file);
    await log?.close();
  }

  #save(): Promise<void> {
    return this.#deps.state.write(() => ({
      logs: [...this.#records.values()].map(({ file, info, rest }) => ({
        file,
        info: Object.fromEntries(info),
        rest: Buffer.from(rest).toString('base64'),
      })),
    }));
  }
}

const droppingSink: LogSink = {
  async write() {},
  async close() {},
};

/** Records of the file of `OpenLogs`. @throws if it holds something else */
export function parseLogRecords(document: unknown): readonly LogRecord[] {
  return messageListField(fieldsOf(objectOf(document) ?? {}), 'logs').map((record) => ({
    file: textField(record, 'file'),
    info: fieldsOf(objectOf(record.get('info')) ?? {}),
    rest: Buffer.from(textField(record, 'rest'), 'base64'),
  }));
}

function nameOf(info: Message): string {
  return `container ${textField(info, 'ContainerID').slice(0, 12)}`;
}
