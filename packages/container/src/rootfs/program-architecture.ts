/**
 * Reads the processor architecture of a container's program from its ELF header, or from that of its interpreter.
 */
import { resolve } from 'node:path/posix';
import { architectureOf } from './elf-architecture.ts';
import { findProgram, type ProgramSearch } from './find-program.ts';
import { parseProgramHeader } from './program-header.ts';
import { readFileInRoot } from './read-in-root.ts';

const headerBytes = 256;
/** As in Linux: interpreters may be scripts, up to this depth. */
const maxInterpreters = 4;

/**
 * Read the architecture of a program; for a script that of its interpreter, which may be a script itself.
 * @returns undefined when the program is not in the root filesystem, or its format is unknown
 */
export async function readProgramArchitecture(
  rootfs: string,
  program: ProgramSearch,
): Promise<string | undefined> {
  let header = await findProgram(rootfs, program, headerBytes);
  for (let depth = 0; depth <= maxInterpreters && header !== undefined; depth++) {
    const parsed = parseProgramHeader(header);
    if (parsed.kind !== 'script') return architectureOf(header);
    const path = resolve(program.workDir, parsed.interpreter);
    header = (await readFileInRoot(rootfs, path, headerBytes))?.content;
  }
  return undefined;
}
