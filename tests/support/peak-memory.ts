/**
 * The memory of a daemon and of the helpers that it starts.
 */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** Interval of the samples: a helper that unpacks or compresses a large layer lives for seconds. */
const sampleMs = 25;

/**
 * Run work and sample the proportional set sizes of a process and all its descendants.
 * @returns bytes of the largest sample over the one before the work
 */
export async function peakMemoryOf(pid: number, work: () => Promise<unknown>): Promise<number> {
  const idle = await sizeWithDescendants(pid);
  let peak = idle;
  let isDone = false;
  const sample = async () => {
    while (!isDone) {
      peak = Math.max(peak, await sizeWithDescendants(pid));
      await delay(sampleMs);
    }
  };
  const worked = work().finally(() => {
    isDone = true;
  });
  await Promise.all([worked, sample()]);
  return peak - idle;
}

async function sizeWithDescendants(pid: number): Promise<number> {
  const [size, children] = await Promise.all([proportionalSetSize(pid), childrenOf(pid)]);
  const sizes = await Promise.all(children.map(sizeWithDescendants));
  return sizes.reduce((sum, each) => sum + each, size);
}

/** 0 for a process that has ended. */
async function proportionalSetSize(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) * 1024;
}

/** A child belongs to the thread that started it. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = threads.map((thread) =>
    readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => ''),
  );
  return (await Promise.all(lists)).flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}
