/**
 * Searches the machine for leftovers of the demo.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

const cgroupRoot = '/sys/fs/cgroup';

/**
 * Find everything on the machine that belongs to the demo.
 *
 * @param {{ directory: string, ids: ReadonlySet<string> }} traces the demo's directory, and the IDs of its plugins
 * @returns {readonly string[]} one line per process, mount, cgroup and file
 */
export function findLeftovers({ directory, ids }) {
  const names = [directory, ...ids];
  const belongs = (text) => names.some((name) => text.includes(name));
  return [
    ...processes().filter(belongs),
    ...mounts().filter(belongs),
    ...cgroups(cgroupRoot).filter((path) =>
      [basename(directory), ...ids].some((name) => path.includes(name)),
    ),
    ...(existsSync(directory) ? [`directory ${directory}`] : []),
  ];
}

/** Without the demo itself and its parents: `npm run demo -- --stop <directory>` names the directory too. */
function processes() {
  const own = ancestors(process.pid);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && !own.includes(Number(name)))
    .map((pid) => `process ${pid} ${traceOf(pid)}`);
}

/** A process and its ancestors. */
function ancestors(pid) {
  if (pid === 0) return [];
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [pid, ...ancestors(Number(parent))];
}

/** Command line and working directory of a process; empty after its end. */
function traceOf(pid) {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return `${command} ${readlinkSync(`/proc/${pid}/cwd`)} ${readlinkSync(`/proc/${pid}/root`)}`;
  } catch {
    // It ended during the search, or is a kernel thread.
    return '';
  }
}

function mounts() {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => `mount ${line}`);
}

function cgroups(directory) {
  let entries;
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch {
    // Removed during the search.
    return [];
  }
  return entries
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => [`cgroup ${join(directory, entry.name)}`, ...cgroups(join(directory, entry.name))]);
}
