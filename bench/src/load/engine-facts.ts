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
