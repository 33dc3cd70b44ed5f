/**
 * A temporary file with the content of archives, so that a tree can refer to it until it was written.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OutboardError } from '@outboard/oci';
import type { FileContent } from '../tree/tree-node.ts';

/** Bound of all content: that of a root filesystem in the engine. */
const maxBytes = 10 * 1024 ** 3;

/** Collects content. Disposing it deletes the file, and with it the content of all trees that refer to it. */
export interface Spool extends AsyncDisposable {
  /** Directory for other temporary files of the build. */
  readonly directory: string;
  /** Begin a file; chunks that are appended belong to it. */
  begin(): void;
  /** Append to the file that was begun. @throws {OutboardError} invalid beyond 10 GiB */
  append(chunk: Buffer): void;
  /** The content of the file that was begun. */
  finish(): FileContent;
}

/** Open a spool in the directory for temporary files, readable by its owner only. */
export async function openSpool(): Promise<Spool> {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-build-'));
  const file = join(directory, 'content');
  const descriptor = openSync(file, 'wx', 0o600);
  let start = 0;
  let end = 0;
  return {
    directory,
    begin() {
      start = end;
    },
    append(chunk) {
      if (end + chunk.length > maxBytes)
        throw new OutboardError('invalid', `the base has more than ${maxBytes} bytes`);
      for (let done = 0; done < chunk.length; )
        done += writeSync(descriptor, chunk, done, chunk.length - done, end + done);
      end += chunk.length;
    },
    finish: () => ({ file, start, size: end - start, isShared: true }),
    async [Symbol.asyncDispose]() {
      closeSync(descriptor);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
