/**
 * Lists the processes of a container as the host sees them.
 * @see proc_pid_stat(5), proc_pid_cmdline(5)
 */
import { readFile } from 'node:fs/promises';
import { isErrno } from '../linux/errno.ts';
import { listProcesses } from './cgroup-tree.ts';
import { readCommandLines } from './command-lines.ts';

/** A process of a container. */
export interface ContainerProcess {
  /** Pid on the host. */
  readonly pid: number;
  readonly parentPid: number;
  readonly uid: number;
  /** CPU time of all its threads. */
  readonly cpuSeconds: number;
  /** Its arguments or, without readable ones, its name in brackets. Both are untrusted text. */
  readonly command: string;
}

/** Upper bound for listed processes, and for the text of each. */
const maxProcesses = 4096;
const maxCommandLength = 4096;

/** USER_HZ, which is 100 on every architecture that Node.js runs on. */
const ticksPerSecond = 100;

/** Processes of a cgroup, by pid; processes that end in the meantime are left out. */
export async function readContainerProcesses(cgroupPath: string): Promise<readonly ContainerProcess[]> {
  const processes: ContainerProcess[] = [];
  const pids = (await listProcesses(cgroupPath)).slice(0, maxProcesses);
  const commands = await readCommandLines(pids);
  for (const pid of pids) {
    const found = await readProcess(pid, commands.get(pid) ?? '');
    if (found !== undefined) processes.push(found);
  }
  return processes;
}

/** Read one process. The kernel answers these files from its own tables. */
async function readProcess(pid: number, command: string): Promise<ContainerProcess | undefined> {
  try {
    const [stat, status] = await Promise.all(
      ['stat', 'status'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')),
    );
    // The second ID is the effective one, as ps shows it.
    const uid = Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status ?? '')?.[1] ?? 0);
    return { pid, uid, ...parseStat(stat ?? '', command.trim()) };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

/**
 * Parse `/proc/<pid>/stat`. @param stat `pid (name) state ppid …`; the name may contain anything, so fields count
 * from its end
 */
function parseStat(stat: string, command: string) {
  const nameEnd = stat.lastIndexOf(')');
  const name = stat.slice(stat.indexOf('(') + 1, nameEnd);
  const fields = stat.slice(nameEnd + 2).split(' ');
  // Fields 4, 14 and 15.
  const [parentPid, userTicks, systemTicks] = [fields[1], fields[11], fields[12]].map(Number);
  return {
    parentPid: parentPid ?? 0,
    cpuSeconds: ((userTicks ?? 0) + (systemTicks ?? 0)) / ticksPerSecond,
    command: (command === '' ? `[${name}]` : command).slice(0, maxCommandLength),
  };
}
