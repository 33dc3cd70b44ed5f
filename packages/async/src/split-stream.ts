/**
 * One source, several readers, in step: the faster one waits for the slower, so that nothing piles up between them.
 */
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { stopWhenAborted } from './stop-when-aborted.ts';

/**
 * Give every chunk of a source to each reader. When the source or one reader fails, all are stopped.
 * @param readers each is given a stream of its own to read to the end, and a signal that tells when another one failed
 * @returns the readers' results, in order
 * @throws the first error of the source or of a reader; the signal's reason
 */
export async function splitStream<Results extends readonly unknown[]>(
  source: AsyncIterable<Uint8Array>,
  readers: {
    [Index in keyof Results]: (branch: AsyncIterable<Buffer>, signal: AbortSignal) => Promise<Results[Index]>;
  },
  signal?: AbortSignal,
): Promise<Results> {
  const scope = new AbortController();
  const stop = signal === undefined ? scope.signal : AbortSignal.any([signal, scope.signal]);
  const branches = readers.map(() => new PassThrough({ highWaterMark: 1024 * 1024 }));
  const work = [
    pump(source, branches, stop),
    ...readers.map((read, index) => read(branches[index] as PassThrough, stop)), // one branch was made per reader
  ];
  try {
    for (const part of work) part.catch((error: unknown) => scope.abort(error));
    const [, ...results] = await Promise.all(work);
    return results as unknown as Results; // in the order of the readers, whose results these are
  } finally {
    scope.abort();
    for (const branch of branches) branch.destroy();
    await Promise.allSettled(work);
  }
}

async function pump(
  source: AsyncIterable<Uint8Array>,
  branches: readonly PassThrough[],
  signal: AbortSignal,
): Promise<void> {
  // The source may never give its next chunk, and a reader that failed must be heard of all the same.
  for await (const chunk of stopWhenAborted(source, signal)) {
    const full = branches.filter((branch) => !branch.write(chunk));
    await Promise.all(full.map((branch) => once(branch, 'drain', { signal })));
  }
  for (const branch of branches) branch.end();
}
