/**
 * The log of one container while it is open: a file that grows, one that was put aside, and readers that follow.
 */
import { type FileHandle, open, rename } from 'node:fs/promises';
import type { LogEntry, LogSink } from '@outboard/sdk';
import { LogFollower } from './log-follower.ts';
import { formatEntry } from './log-line.ts';

/** Files of one log. */
export interface ContainerLogOptions {
  /** Absolute path of the file that grows. The one before has `.1` added. */
  readonly file: string;
  /** Size at which a file is put aside, in bytes. */
  readonly maxBytes: number;
}

/** Takes entries, and gives them to readers that follow. */
export class ContainerLog implements LogSink {
  readonly #options: ContainerLogOptions;
  readonly #followers = new Set<LogFollower>();
  #handle: FileHandle;
  #size: number;

  private constructor(options: ContainerLogOptions, handle: FileHandle, size: number) {
    this.#options = options;
    this.#handle = handle;
    this.#size = size;
  }

  /** Open the file to append to it. */
  static async open(options: ContainerLogOptions): Promise<ContainerLog> {
    const handle = await open(options.file, 'a', 0o600);
    return new ContainerLog(options, handle, (await handle.stat()).size);
  }

  /** Bytes of the file that grows. Every later entry goes to the followers that there are now. */
  get size(): number {
    return this.#size;
  }

  async write(entry: LogEntry): Promise<void> {
    const line = Buffer.from(formatEntry(entry));
    if (this.#size > 0 && this.#size + line.length > this.#options.maxBytes) await this.#rotate();
    await this.#handle.writeFile(line);
    // No reader runs between these two.
    this.#size += line.length;
    for (const follower of this.#followers) follower.add(entry);
  }

  async close(): Promise<void> {
    for (const follower of this.#followers) follower.end();
    await this.#handle.sync();
    await this.#handle.close();
  }

  /** Follow the log. The caller ends it with `unfollow`. */
  follow(): LogFollower {
    const follower = new LogFollower();
    this.#followers.add(follower);
    return follower;
  }

  /** Give no more entries to a follower. */
  unfollow(follower: LogFollower): void {
    this.#followers.delete(follower);
  }

  async #rotate(): Promise<void> {
    const { file } = this.#options;
    await this.#handle.close();
    await rename(file, `${file}.1`);
    this.#handle = await open(file, 'a', 0o600);
    this.#size = 0;
  }
}
