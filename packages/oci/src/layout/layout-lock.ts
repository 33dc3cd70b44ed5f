/**
 * Excludes writers of one layout directory from each other, across processes. The lock is a listening socket in the abstract
 * namespace, named for the directory's inode: the kernel ends it with its process, so that a crash leaves none.
 * @see unix(7), "Abstract sockets"
 */
import { stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { type Cancellable, firstEvent, fromCallback, pollUntil } from '@outboard/async';
import { OutboardError } from '../errors/outboard-error.ts';
import { onStorage } from '../files/storage-error.ts';

/** Time to wait for another writer: it holds the lock only while it replaces `index.json`. */
const waitMs = 10_000;

/**
 * Run work while no other writer changes the layout.
 * @throws {OutboardError} unavailable when another process keeps the lock for 10 s; system; the errors of the work
 */
export async function withLayoutLock<Result>(
  directory: string,
  work: () => Promise<Result>,
  { signal }: Cancellable = {},
): Promise<Result> {
  const { dev, ino } = await onStorage('look up directory', directory, () =>
    stat(directory, { bigint: true }),
  );
  const name = `\0outboard-layout-${dev}-${ino}`;
  let server: Server | undefined;
  await pollUntil(
    async () => {
      signal?.throwIfAborted();
      server = await listen(name);
      return server !== undefined;
    },
    { timeoutMs: waitMs },
  );
  const held = server;
  if (held === undefined) {
    throw new OutboardError(
      'unavailable',
      `another process has been writing to ${JSON.stringify(directory)} for ${waitMs / 1000} seconds`,
    );
  }
  try {
    return await work();
  } finally {
    await fromCallback((done) => held.close(done));
  }
}

/** @returns undefined when another socket has the name */
async function listen(name: string): Promise<Server | undefined> {
  const server = createServer((connection) => connection.destroy());
  server.listen(name);
  const event = await firstEvent(server, ['listening', 'error']);
  return event === 'listening' ? server : undefined;
}
