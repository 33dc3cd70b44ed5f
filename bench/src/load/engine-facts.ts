/**
 * Memory and descriptors of a daemon, and what is left when it has ended.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { proportionalSetSize } from '../process-memory.ts';

/** Resources of the daemon's process. */
export interface EngineFacts {
  /** Proportional set size. */
  readonly memoryBytes: number;
  readonly descriptors: number;
}

/** Read them. @throws {Error} when the process has ended */
export async function readFacts(pid: number): Promise<EngineFacts> {
  const descriptors = await readdir(`/proc/${pid}/fd`);
  return { memoryBytes: await proportionalSetSize(pid), descriptors: descriptors.length };
}

/** Time between two readings of memory, in milliseconds. */
const samplePauseMs = 2_000;

/** Read the memory of a process again and again. @returns ends it, with the samples in bytes in the order of time */
export function sampleMemory(pid: number): { readonly stop: () => readonly number[] } {
  const samples: number[] = [];
  const timer = setInterval(() => {
    // A process that ends is noticed by the load itself.
    proportionalSetSize(pid).then(
      (bytes) => samples.push(bytes),
      () => undefined,
    );
  }, samplePauseMs);
  return {
    stop() {
      clearInterval(timer);
      return samples;
    },
  };
}

/** Mounts below a directory, and records of plugins in it. Processes hold their mounts, and so are among them. */
export async function findLeftovers(directory: string): Promise<readonly string[]> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  const plugins = await readdir(join(directory, 'data', 'plugins'));
  return [
    ...mounts.filter((line) => line.includes(directory)),
    ...plugins.filter((name) => name !== 'storage' && name !== 'tmp'),
    ...(await readdir(join(directory, 'data', 'plugins', 'tmp'))),
    ...(await readdir(join(directory, 'data', 'plugins', 'storage', 'ingest'))),
  ];
}
