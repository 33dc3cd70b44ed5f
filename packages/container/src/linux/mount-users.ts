/**
 * Finds the processes that use a directory or a mount: through a bind in another mount namespace, such as that of a
 * container, through a bind elsewhere on the host, or through a file that is open. Everything is read by child processes
 * with a deadline, because the tables of other processes may be locked.
 * @see proc_pid_mountinfo(5), proc_pid_fd(5), proc_pid_maps(5)
 */
import { readlink } from 'node:fs/promises';
import type { Cancellable } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { describeProcess, type ProcessDescription } from './describe-process.ts';
import { findBinary } from './find-binary.ts';
import { lookUpMounts, type MountEntry, parseMountTable, readMountTable } from './mount-table.ts';
import { type ProgramResult, runProgram } from './run-program.ts';

/** A path with its place in its file system. */
interface UsedPlace {
  readonly path: string;
  /** As in the mount table. */
  readonly device: string;
  /** Directory in that file system, in `latin1`; `/` for a whole mount. */
  readonly root: string;
}

/** A user of a place: a process, or a bind on this host. */
export type MountUser =
  | { readonly kind: 'process'; readonly process: ProcessDescription }
  /** In `latin1`, as the mount table has it. */
  | { readonly kind: 'bind'; readonly mountPoint: string };

/** Options of `findMountUsers`. */
export interface MountUsersOptions extends Cancellable {
  /** Device of the mount that is expected at the path, such as `7:1`; '' for a directory that is no mount. */
  readonly device: string;
  /** A process whose mount namespace does not count: the one that made the mount. 0 for none. */
  readonly maker: number;
  /** Mounts below this directory of this namespace do not count; in `latin1`. */
  readonly ownDirectory: string;
}

/** Limit of each program, in milliseconds. */
const timeoutMs = 5_000;
/** Attempts, when a namespace ends between two looks at it. */
const maxAttempts = 4;
/** Bound on the namespaces whose tables are read. */
const maxNamespaces = 4_096;

/**
 * Find the users of a mount or a directory. A mount namespace that merely has a copy of it at the same path, as services with `PrivateTmp=`
 * have, does not use it. Namespaces without a process are not seen.
 * @returns one process for each other namespace, the processes that have files open there, and the binds of this host; empty
 *   when nothing uses it
 * @param path absolute, in this mount namespace, without links
 * @throws {OutboardError} system when it cannot be known, also because another mount is there
 */
export async function findMountUsers(
  path: string,
  options: MountUsersOptions,
): Promise<readonly MountUser[]> {
  options.signal?.throwIfAborted();
  const place = await placeOf(path, options.device);
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const links = await readLinks(place.path, options);
    const namespaces = groupByNamespace(links);
    const binds = await findBinds(place, [...namespaces.first.values()], options);
    if (binds !== undefined) return await usersAmong({ place, links, namespaces, binds }, options);
  }
  throw cannotTell('mount namespaces come and go too fast');
}

async function placeOf(path: string, device: string): Promise<UsedPlace> {
  const bytes = Buffer.from(path).toString('latin1');
  const entry = lookUpMounts(await readMountTable())(bytes);
  const isMount = entry?.mountPoint === bytes;
  if (entry === undefined || (device === '' ? isMount : !isMount || entry.device !== device)) {
    throw cannotTell(`another file system is mounted at ${JSON.stringify(path)}`);
  }
  const rest = bytes.slice(entry.mountPoint === '/' ? 0 : entry.mountPoint.length);
  const root = rest !== '' && entry.root === '/' ? rest : `${entry.root}${rest}`;
  return { path, device: entry.device, root };
}

/** As they were read. */
interface Findings {
  readonly place: UsedPlace;
  readonly links: readonly ProcessLink[];
  readonly namespaces: Namespaces;
  readonly binds: readonly Bind[];
}

async function usersAmong(
  { place, links, namespaces, binds: all }: Findings,
  options: MountUsersOptions,
): Promise<readonly MountUser[]> {
  const maker = namespaces.of.get(options.maker);
  const own = namespaces.first.get(await readlink('/proc/self/ns/mnt'));
  const binds = all.filter(({ mountPoint }) => !isBelow(mountPoint, options.ownDirectory));
  const onHost = binds.filter(({ pid }) => pid === own).map(({ mountPoint }) => mountPoint);
  const elsewhere = binds.filter(({ pid, mountPoint }) => {
    // At the same place as on the host it is a copy, such as services with a namespace of their own have.
    return pid !== own && namespaces.of.get(pid) !== maker && !onHost.includes(mountPoint);
  });
  const opened = links.filter(({ pid, name }) => name !== 'ns/mnt' && namespaces.of.get(pid) !== maker);
  const pids = [...elsewhere, ...opened].map(({ pid }) => pid);
  // Reading maps takes longest.
  const mapped = pids.length + onHost.length > 0 ? [] : await pidsWithMap(place.path, options);
  const using = new Set([...pids, ...mapped].filter((pid) => pid !== process.pid));
  // A process that ended meanwhile uses nothing.
  const processes = [...using].flatMap((pid): readonly MountUser[] => {
    const described = describeProcess(pid);
    return described === undefined ? [] : [{ kind: 'process', process: described }];
  });
  return [...processes, ...onHost.map((mountPoint): MountUser => ({ kind: 'bind', mountPoint }))];
}

interface ProcessLink {
  readonly pid: number;
  /** `ns/mnt`, `cwd`, `root`, `exe` or `fd/<number>` */
  readonly name: string;
  readonly target: string;
}

/** The mount namespaces of all processes, and the links of processes that lead to the path or below. */
async function readLinks(path: string, options: Cancellable): Promise<readonly ProcessLink[]> {
  const pattern = path.replace(/[*?[\]\\]/g, '\\$&');
  const output = await runFind(
    [
      ...['/proc', '-maxdepth', '3', '-regextype', 'posix-extended'],
      ...['(', '-regex', '/proc|/proc/[0-9]+|/proc/[0-9]+/(ns|fd)', ')', '-o'],
      ...['(', '-regex', '/proc/[0-9]+/(cwd|root|exe|ns/mnt|fd/[0-9]+)'],
      ...['(', '-path', '*/ns/mnt', '-o', '-lname', pattern, '-o', '-lname', `${pattern}/*`, ')'],
      ...['-printf', '%P\\t%l\\0', ')', '-o', '-prune'],
    ],
    options,
  );
  return output.split('\0').flatMap((record) => {
    const [, pid, name, target] = /^(\d+)\/([^\t]+)\t(.*)$/s.exec(record) ?? [];
    if (pid === undefined || name === undefined || target === undefined) return [];
    return [{ pid: Number(pid), name, target }];
  });
}

interface Namespaces {
  /** Namespace by pid. */
  readonly of: ReadonlyMap<number, string>;
  /** One process of each namespace. */
  readonly first: ReadonlyMap<string, number>;
}

function groupByNamespace(links: readonly ProcessLink[]): Namespaces {
  const of = new Map<number, string>();
  const first = new Map<string, number>();
  for (const { pid, name, target } of links) {
    if (name !== 'ns/mnt') continue;
    of.set(pid, target);
    const known = first.get(target);
    if (known === undefined || pid < known) first.set(target, pid);
  }
  return { of, first };
}

interface Bind {
  readonly pid: number;
  readonly mountPoint: string;
}

/** Binds of a place in the mount tables of some processes. @returns undefined when one of the processes has ended */
async function findBinds(
  place: UsedPlace,
  pids: readonly number[],
  options: Cancellable,
): Promise<readonly Bind[] | undefined> {
  if (pids.length > maxNamespaces) throw cannotTell(`there are ${pids.length} mount namespaces`);
  const needle = ` ${place.device} ${escapeOctal(place.root)}`;
  const files = pids.map((pid) => `/proc/${pid}/mountinfo`);
  const { code, stdout } = await runGrep(['-HF', '-e', needle, '--', ...files], options);
  // Another process may live in its namespace.
  if (code === 2) return undefined;
  return stdout.split('\n').flatMap((line) => {
    const [, pid, entry] = /^\/proc\/(\d+)\/mountinfo:(.*)$/s.exec(line) ?? [];
    if (pid === undefined || entry === undefined) return [];
    return parseMountTable(entry)
      .filter((mount) => isBindOf(mount, place))
      .map(({ mountPoint }) => ({ pid: Number(pid), mountPoint }));
  });
}

function isBindOf(mount: MountEntry, place: UsedPlace): boolean {
  const isSame =
    mount.device === place.device && (mount.root === place.root || isBelow(mount.root, place.root));
  return isSame && mount.mountPoint !== Buffer.from(place.path).toString('latin1');
}

/** Processes that have mapped a file without keeping it open. */
async function pidsWithMap(path: string, options: Cancellable): Promise<readonly number[]> {
  const found = await runFind(['/proc', '-maxdepth', '2', '-path', '/proc/[0-9]*/maps'], options);
  const files = found.split('\n').filter((file) => file !== '');
  // A process that has ended meanwhile maps nothing.
  const { stdout } = await runGrep(['-lsF', '-e', `${path}/`, '--', ...files], options);
  return [...stdout.matchAll(/^\/proc\/(\d+)\/maps$/gm)].map(([, pid]) => Number(pid));
}

/** @returns its output; it ends with 1 when a process has ended meanwhile, and the rest is complete */
async function runFind(args: readonly string[], { signal }: Cancellable): Promise<string> {
  const { code, stdout, stderr } = await runProgram(await findBinary('find'), args, { signal, timeoutMs });
  if (code === 0 || code === 1) return stdout;
  throw cannotTell(`find ended with ${code}: ${stderr.slice(0, 200)}`);
}

/** @returns code 0 when it found something, 1 when not, 2 when a file could not be read */
async function runGrep(args: readonly string[], { signal }: Cancellable): Promise<ProgramResult> {
  const result = await runProgram(await findBinary('grep'), args, { signal, timeoutMs });
  if (result.code === 0 || result.code === 1 || result.code === 2) return result;
  throw cannotTell(`grep ended with ${result.code}: ${result.stderr.slice(0, 200)}`);
}

function cannotTell(reason: string): OutboardError {
  return new OutboardError('system', `cannot tell who uses a mount: ${reason}`);
}

function isBelow(path: string, directory: string): boolean {
  return path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

/** As the kernel escapes fields of the mount table. */
function escapeOctal(field: string): string {
  return field.replace(/[ \t\n\\#]/g, (character) => {
    return `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
  });
}
