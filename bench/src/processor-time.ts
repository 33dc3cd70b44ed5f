/**
 * Processor time of an engine and its helpers, by a control group that the engine is started in. Unlike a time by the
 * clock it does not depend on other work of the machine. Containers of plugins have groups of their own.
 */
import { access, mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Mount points of a hierarchy that counts processor time: version 1 by its controller, version 2 by any name. */
const hierarchies = [
  { directory: '/sys/fs/cgroup/cpuacct', file: 'cpuacct.usage', read: (text: string) => Number(text) / 1e6 },
  {
    directory: '/sys/fs/cgroup/cpu,cpuacct',
    file: 'cpuacct.usage',
    read: (text: string) => Number(text) / 1e6,
  },
  {
    directory: '/sys/fs/cgroup',
    file: 'cpu.stat',
    read: (text: string) => Number(/^usage_usec (\d+)$/m.exec(text)?.[1]) / 1e3,
  },
] as const;

/** The control group of one engine. */
export interface ProcessorAccount {
  /** Move a process into the group; its later children begin there. */
  add(pid: number): Promise<void>;
  /** Milliseconds of all processes that were in the group so far; NaN where no hierarchy counts them. */
  read(): Promise<number>;
  /** IDs of the processes in the group. */
  processes(): Promise<readonly number[]>;
  /** Remove the group, if it has no process any more. */
  close(): Promise<void>;
}

/** Open the group of a name, which exists already if an earlier run of the engine made it. */
export async function openProcessorAccount(name: string): Promise<ProcessorAccount> {
  for (const { directory, file, read } of hierarchies) {
    const group = join(directory, name);
    try {
      await mkdir(group).catch(() => undefined); // an earlier run of the engine made it
      await access(join(group, file));
    } catch {
      continue; // a host without this hierarchy
    }
    return {
      add: (pid) => writeFile(join(group, 'cgroup.procs'), String(pid)),
      read: async () => read(await readFile(join(group, file), 'utf8')),
      processes: async () =>
        (await readFile(join(group, 'cgroup.procs'), 'utf8')).split('\n').filter(Boolean).map(Number),
      close: () => rmdir(group).catch(() => undefined), // helpers that run on keep it
    };
  }
  return {
    add: async () => undefined,
    read: async () => Number.NaN,
    processes: async () => [],
    close: async () => undefined,
  };
}
