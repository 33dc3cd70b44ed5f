/**
 * For which processor a plugin's program was built, read from the program itself: no plugin's config tells it.
 * @see elf(5), e_ident and e_machine
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { isOutboardError } from '@outboard/oci';
import { resolveHostPath } from '../drivers/resolve-host-path.ts';
import { isErrno } from '../runtime/errno.ts';

const headerBytes = 256;

/** Names as in the platforms of the OCI image-spec. The key is e_machine. */
const architectures: ReadonlyMap<number, string> = new Map([
  [3, '386'],
  [8, 'mips'],
  [20, 'ppc'],
  [21, 'ppc64'],
  [22, 's390x'],
  [40, 'arm'],
  [62, 'amd64'],
  [183, 'arm64'],
  [243, 'riscv64'],
  [258, 'loong64'],
]);

/**
 * The architecture of a plugin's program; of a script, that of its interpreter.
 * @param program path in the plugin; anything but an absolute one is not looked for
 * @returns undefined when it is not in the root filesystem, or nothing that is known
 */
export async function readProgramArchitecture(rootfs: string, program: string): Promise<string | undefined> {
  const header = await readHeader(rootfs, program);
  if (header === undefined) return undefined;
  const interpreter = interpreterOf(header);
  if (interpreter === undefined) return architectureOf(header);
  const ofInterpreter = await readHeader(rootfs, interpreter);
  return ofInterpreter && architectureOf(ofInterpreter);
}

/** What the beginning of a program says. */
export function architectureOf(header: Buffer): string | undefined {
  if (header.length < 20 || header.toString('latin1', 0, 4) !== '\x7fELF') return undefined;
  const isLittleEndian = header[5] === 1;
  const machine = isLittleEndian ? header.readUInt16LE(18) : header.readUInt16BE(18);
  const name = architectures.get(machine);
  if (name === 'ppc64' || name === 'mips') return isLittleEndian ? `${name}le` : name;
  return name;
}

function interpreterOf(header: Buffer): string | undefined {
  return /^#![ \t]*(\/\S+)/.exec(header.toString('latin1'))?.[1];
}

async function readHeader(rootfs: string, path: string): Promise<Buffer | undefined> {
  if (!path.startsWith('/')) return undefined;
  try {
    // No link of the plugin leads out of its own tree.
    const place = await resolveHostPath({ rootfs }, path);
    // A pipe or a device that the plugin put there does not hold us up.
    const file = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) return undefined;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    // What cannot be read is not known: this only describes.
    if (isOutboardError(error) || isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EACCES', 'EIO')) {
      return undefined;
    }
    throw error;
  }
}
