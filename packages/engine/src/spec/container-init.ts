/**
 * The init of a container: a small program that runs as its first process, starts the plugin's own program, forwards
 * signals to it and reaps orphaned processes. Without an init the plugin's program is their parent; if it does not reap
 * them, they stay as zombies, which count as processes.
 * @see docker-run(1), `--init`; pid_namespaces(7)
 */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { findBinary, type SpecMount } from '@outboard/container';
import { OutboardError, onStorage } from '@outboard/oci';
import { socketDirectoryInPlugin } from '../config/mount-rules.ts';

/** The inits of Docker and Podman, by the paths of Debian and Fedora, and tini, which Docker's is built from. */
const knownInits = [
  'tini-static',
  'catatonit',
  'docker-init',
  '/usr/libexec/podman/catatonit',
  '/usr/lib/podman/catatonit',
  '/usr/libexec/docker/docker-init',
];
const nameInPlugin = '.outboard-init';
/** Path in the container: in the socket directory, which every plugin has and which is not among its own files. */
const initInPlugin = `${socketDirectoryInPlugin}/${nameInPlugin}`;

/** A program of the host. */
export interface ContainerInit {
  readonly path: string;
  readonly program: Buffer;
}

/**
 * Find a program that can be the init of any container. It is static, because a plugin may have no libc or another one.
 * @throws {OutboardError} system with code `program-missing`
 */
export async function findContainerInit(names: readonly string[] = knownInits): Promise<ContainerInit> {
  for (const name of names) {
    const path = await findBinary(name).catch(() => undefined);
    const program = path === undefined ? undefined : await readFile(path);
    if (path !== undefined && program !== undefined && isStatic(program)) return { path, program };
  }
  throw new OutboardError(
    'system',
    'cannot find an init for plugins (tini-static, catatonit or docker-init, as a static program): ' +
      'install the Debian package "tini"',
    { code: 'program-missing', details: { program: 'tini-static' } },
  );
}

/**
 * Copy the init into a plugin's socket directory. The program itself is never mounted: a plugin that may mount could make
 * the mount writable and change a program of the host (as in CVE-2019-5736).
 */
export async function placeContainerInit({ program }: ContainerInit, socketDirectory: string): Promise<void> {
  const path = join(socketDirectory, nameInPlugin);
  await onStorage('write file', path, () => writeFile(path, program, { mode: 0o555, flag: 'wx' }));
}

/** A mount of the copy on itself with `exec`: the exec root is often mounted `noexec`. */
export function initMount(socketDirectory: string): SpecMount {
  const options = ['bind', 'ro', 'exec', 'nosuid', 'nodev', 'rprivate'];
  return { destination: initInPlugin, type: 'bind', source: join(socketDirectory, nameInPlugin), options };
}

/** Arguments that precede the plugin's own program. */
export function initArguments({ path }: Pick<ContainerInit, 'path'>): readonly string[] {
  // In the pid namespace of the host the init is not the first process; catatonit detects that itself.
  const isTini = basename(path) !== 'catatonit';
  return [initInPlugin, ...(isTini ? ['-s'] : []), '--'];
}

const interpreterEntry = 3; // PT_INTERP

/** True for a program without dynamic linker. @see elf(5), program header */
export function isStatic(program: Buffer): boolean {
  if (program.length < 64 || program.toString('latin1', 0, 4) !== '\x7fELF') return false;
  const is64 = program[4] === 2;
  const isLittle = program[5] === 1;
  const half = (at: number) => (isLittle ? program.readUInt16LE(at) : program.readUInt16BE(at));
  const word = (at: number) => (isLittle ? program.readUInt32LE(at) : program.readUInt32BE(at));
  // Files are below 4 GiB: the low half of a 64-bit offset suffices.
  const table = is64 ? word(isLittle ? 32 : 36) : word(28);
  const [size, count] = is64 ? [half(54), half(56)] : [half(42), half(44)];
  if (table + size * count > program.length) return false;
  return Array.from({ length: count }, (_, index) => word(table + index * size)).every(
    (type) => type !== interpreterEntry,
  );
}
