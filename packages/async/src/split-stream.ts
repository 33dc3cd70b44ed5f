/**
 * One source for several readers in step: a faster reader waits for the slower ones, so that nothing piles up in memory.
 */
import { ChunkQueue } from './chunk-queue.ts';
import { joinSignals } from './join-signals.ts';
import { rejectOnAbort } from './race-with-signal.ts';
import { stopWhenAborted } from './stop-when-aborted.ts';

/** Bytes by which a reader may be ahead of the slowest one. */
const bufferBytes = 4 * 1024 * 1024;

/**
 * Give every chunk of a source to each reader. When the source or one reader fails, all are stopped.
 * @param readers each gets a stream of its own to read to the end, and a signal that is aborted when another one failed
 * @returns the readers' results, in order
 * @throws the first error of the source or of a reader; the signal's reason
 */
export async function splitStream<Results extends readonly unknown[]>(
  source: AsyncIterable<Uint8Array>,
  readers: {
    [Index in keyof Results]: (branch: AsyncIterable<Buffer>, signal: AbortSignal) => Promise<Results[Index]>;
  },
  signal?: AbortSignal | undefined,
): Promise<Results> {
  const scope = new AbortController();
  using stop = joinSignals([signal, scope.signal]);
  const branches = readers.map(() => new ChunkQueue(bufferBytes));
  const work = [
    pump(source, branches, stop.signal),
    ...readers.map((read, index) => read(branches[index] as ChunkQueue, stop.signal)), // one branch was made per reader
  ];
  try {
    for (const part of work) part.catch((error: unknown) => scope.abort(error));
    const [, ...results] = await Promise.all(work);
    return results as unknown as Results; // in the order of the readers, whose results these are
  } finally {
    scope.abort();
    for (const branch of branches) branch.close();
    await Promise.allSettled(work);
  }
}

async function pump(
  source: AsyncIterable<Uint8Array>,
  branches: readonly ChunkQueue[],
  signal: AbortSignal,
): Promise<void> {
  // A source that never gives its next chunk must not hold up the failure of a reader.
  for await (const chunk of stopWhenAborted(source, signal)) {
    const full = branches.map((branch) => branch.write(chunk)).filter((drained) => drained !== undefined);
    if (full.length > 0) await rejectOnAbort(Promise.all(full), signal);
  }
  for (const branch of branches) branch.end();
}
