/**
 * Several logs as one, in the order of time.
 */
import type { LogLine } from '@outboard/engine';

type LineBatches = AsyncIterable<readonly LogLine[]>;

/** Lines of one batch of a merged log. */
const batchLines = 256;

/** The next lines of one log. */
interface Head {
  readonly iterator: AsyncIterator<readonly LogLine[]>;
  lines: readonly LogLine[];
  index: number;
}

/** Merge logs, each of which is in order. They are read no further than the merged log is. */
export async function* mergeByTime(logs: readonly LineBatches[]): AsyncGenerator<readonly LogLine[], void> {
  const heads: Head[] = logs.map((log) => ({ iterator: log[Symbol.asyncIterator](), lines: [], index: 0 }));
  const unfinished = new Set(heads);
  try {
    for (const head of heads) await fill(head, unfinished);
    let batch: LogLine[] = [];
    for (let head = earliest(unfinished); head !== undefined; head = earliest(unfinished)) {
      const line = head.lines[head.index];
      head.index += 1;
      if (line !== undefined) batch.push(line);
      if (head.index >= head.lines.length) await fill(head, unfinished);
      if (batch.length < batchLines) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  } finally {
    await Promise.all([...unfinished].map(({ iterator }) => iterator.return?.()));
  }
}

/** The last lines of a log that ends. */
export async function lastLines(log: LineBatches, count: number): Promise<readonly LogLine[]> {
  let last: LogLine[] = [];
  for await (const lines of log) {
    last = [...last, ...lines].slice(Math.max(0, last.length + lines.length - count));
  }
  return last;
}

/** Read the next batch that has lines; at its end the log is left out from then on. */
async function fill(head: Head, unfinished: Set<Head>): Promise<void> {
  for (;;) {
    const next = await head.iterator.next();
    if (next.done === true) {
      unfinished.delete(head);
      return;
    }
    head.lines = next.value;
    head.index = 0;
    if (head.lines.length > 0) return;
  }
}

function earliest(heads: ReadonlySet<Head>): Head | undefined {
  let found: Head | undefined;
  for (const head of heads) {
    if (found === undefined || timeOf(head) < timeOf(found)) found = head;
  }
  return found;
}

function timeOf({ lines, index }: Head): bigint {
  return lines[index]?.timeNano ?? 0n;
}
