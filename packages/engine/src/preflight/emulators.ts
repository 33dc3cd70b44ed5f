/**
 * Emulators of this host: handlers of `binfmt_misc` that run programs of other processor architectures, such as QEMU's.
 * @see Linux Documentation/admin-guide/binfmt-misc.rst
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { architectureOf, type MountEntry } from '@outboard/container';
import { systemErrorCode } from '@outboard/oci';

const directory = '/proc/sys/fs/binfmt_misc';
const maxHandlers = 256;

/** A program that runs programs of one other architecture. */
export interface Emulator {
  /** OCI image-spec's name of the architecture that it runs. */
  readonly architecture: string;
  /** Path of the emulator. */
  readonly interpreter: string;
  /** True when the kernel holds it open; otherwise it must be in the root filesystem of the program. */
  readonly isHeld: boolean;
}

/**
 * Read the emulators that are registered. Nothing is read unless the file system is mounted: an automount could wait.
 * @param mounts mount table of this process
 * @returns undefined when the file system is not mounted here, which says nothing about the kernel
 */
export async function readEmulators(
  mounts: readonly MountEntry[],
  from: string = directory,
): Promise<readonly Emulator[] | undefined> {
  const isMounted = mounts.some(
    ({ mountPoint, fileSystem }) => mountPoint === from && fileSystem === 'binfmt_misc',
  );
  if (!isMounted) return undefined;
  const names = (await readdir(from)).filter((name) => name !== 'register' && name !== 'status');
  const handlers = await Promise.all(
    names.slice(0, maxHandlers).map((name) => readHandler(join(from, name))),
  );
  return handlers.flatMap((text) => parseHandler(text) ?? []);
}

async function readHandler(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return ''; // removed meanwhile
    throw error;
  }
}

/**
 * Parse the description of a handler.
 * @returns undefined for a disabled one, and for one that is not chosen by the header of ELF files
 */
export function parseHandler(text: string): Emulator | undefined {
  const [state, ...lines] = text.split('\n');
  const fields = new Map(
    lines.map((line) => [line.split(' ', 1)[0] ?? '', line.slice(line.indexOf(' ') + 1)]),
  );
  const magic = fields.get('magic');
  const interpreter = fields.get('interpreter');
  if (state !== 'enabled' || magic === undefined || interpreter === undefined) return undefined;
  if ((fields.get('offset') ?? '0') !== '0') return undefined;
  const architecture = architectureOf(Buffer.from(magic, 'hex'));
  if (architecture === undefined) return undefined;
  return { architecture, interpreter, isHeld: (fields.get('flags:') ?? '').includes('F') };
}
