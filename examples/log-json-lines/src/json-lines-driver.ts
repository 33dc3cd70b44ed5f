/**
 * A log driver that keeps a file for each container, named by its ID.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CallContext,
  type LogDriver,
  type LogEntry,
  type LoggedContainer,
  type LogSelection,
  type LogSink,
  lastEntries,
} from '@outboard/sdk';
import { ContainerLog } from './container-log.ts';
import { readFiles } from './log-files.ts';
import { parseLogOptions } from './log-options.ts';

/** IDs of containers; keeps `/` and `..` out of paths. */
const idPattern = /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,127}$/;

/** Keeps logs in one directory. */
export class JsonLinesDriver implements LogDriver {
  readonly #directory: string;
  readonly #open = new Map<string, ContainerLog>();

  /** @param directory absolute path of a directory that exists */
  constructor(directory: string) {
    this.#directory = directory;
  }

  async openLog({ id, options }: LoggedContainer): Promise<LogSink> {
    const { maxBytes } = parseLogOptions(options);
    const log = await ContainerLog.open({ file: this.#fileOf(id), maxBytes });
    this.#open.set(id, log);
    return {
      write: (entry) => log.write(entry),
      close: async () => {
        if (this.#open.get(id) === log) this.#open.delete(id);
        await log.close();
      },
    };
  }

  async readLogs(
    { id }: LoggedContainer,
    selection: LogSelection,
    { signal }: CallContext,
  ): Promise<AsyncIterable<LogEntry>> {
    const file = this.#fileOf(id);
    const log = this.#open.get(id);
    if (log !== undefined) return readOpenLog(log, file, { selection, signal });
    await access(file);
    return lastEntries(readFiles(file), selection.tail);
  }

  #fileOf(id: string): string {
    if (!idPattern.test(id)) throw new Error(`cannot keep a log of container ${JSON.stringify(id)}`);
    return join(this.#directory, `${id}.jsonl`);
  }
}

/** Files first, then the entries that are written from the same instant on: none is missing, none comes twice. */
async function* readOpenLog(
  log: ContainerLog,
  file: string,
  { selection, signal }: { readonly selection: LogSelection; readonly signal: AbortSignal },
): AsyncGenerator<LogEntry> {
  const follower = selection.follow ? log.follow() : undefined;
  try {
    yield* lastEntries(readFiles(file, log.size), selection.tail);
    if (follower !== undefined) yield* follower.entries(signal);
  } finally {
    if (follower !== undefined) log.unfollow(follower);
  }
}
