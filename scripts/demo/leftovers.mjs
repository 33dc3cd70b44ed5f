/**
 * Looking for what the demo left on the machine.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

const CGROUP_ROOT = '/sys/fs/cgroup';

/**
 * Everything on the machine that belongs to the demo.
 *
 * @param {{ folder: string, ids: ReadonlySet<string> }} traces the demo's folder, and the IDs of its plugins
 * @returns {readonly string[]} one line per process, mount, cgroup and file
 */
export function findLeftovers({ folder, ids }) {
  const names = [folder, ...ids];
  const belongs = (text) => names.some((name) => text.includes(name));
  return [
    ...processes().filter(belongs),
    ...mounts().filter(belongs),
    ...cgroups(CGROUP_ROOT).filter((path) => [...ids].some((id) => path.includes(id))),
    ...(existsSync(folder) ? [`folder ${folder}`] : []),
  ];
}

function processes() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => `process ${pid} ${traceOf(pid)}`);
}

/** What a process was started with and where it is; empty once it is gone. */
function traceOf(pid) {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return `${command} ${readlinkSync(`/proc/${pid}/cwd`)} ${readlinkSync(`/proc/${pid}/root`)}`;
  } catch {
    // Ended while we looked, or a thread of the kernel.
    return '';
  }
}

function mounts() {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => `mount ${line}`);
}

function cgroups(folder) {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    // Removed while we looked.
    return [];
  }
  return entries
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => [`cgroup ${join(folder, entry.name)}`, ...cgroups(join(folder, entry.name))]);
}
