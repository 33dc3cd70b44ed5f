/**
 * Memory of a daemon and its helpers: proportional set sizes, so that pages shared by many processes count once.
 */
import { readdir, readFile } from 'node:fs/promises';

interface Process {
  readonly pid: number;
  readonly name: string;
  readonly commandLine: string;
}

/**
 * Sum the PSS of a daemon and of all its helper processes.
 *
 * @param mark text in the command line of a helper, or of the daemon's children, that identifies the daemon
 * @returns bytes
 */
export async function memoryOf(
  daemonPid: number,
  helperNames: readonly string[],
  mark: string,
): Promise<number> {
  const processes = await listProcesses();
  const helpers = processes.filter(
    ({ name, commandLine }) =>
      helperNames.some((helper) => name.startsWith(helper.slice(0, 15))) && commandLine.includes(mark),
  );
  const pids = [daemonPid, ...helpers.map(({ pid }) => pid)];
  const sizes = await Promise.all(pids.map(proportionalSetSize));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function listProcesses(): Promise<readonly Process[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    names.map(async (pid) => {
      try {
        const [name, commandLine] = await Promise.all([
          readFile(`/proc/${pid}/comm`, 'utf8'),
          readFile(`/proc/${pid}/cmdline`, 'utf8'),
        ]);
        return { pid: Number(pid), name: name.trim(), commandLine: commandLine.replaceAll('\0', ' ') };
      } catch {
        return undefined; // It ended during the read.
      }
    }),
  );
  return found.filter((process) => process !== undefined);
}

/** Proportional set size of a process, in bytes. @throws {Error} when it has ended */
export async function proportionalSetSize(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kibibytes = /^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1];
  if (kibibytes === undefined) throw new Error(`no Pss in /proc/${pid}/smaps_rollup`);
  return Number(kibibytes) * 1024;
}
