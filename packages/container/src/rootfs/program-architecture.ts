/**
 * Reads the processor architecture of a container's program from its ELF header, or from that of its interpreter.
 */
import { architectureOf } from './elf-architecture.ts';
import { findProgram, type ProgramSearch } from './find-program.ts';
import { parseProgramHeader } from './program-header.ts';
import { readFileInRoot } from './read-in-root.ts';

const headerBytes = 256;

/**
 * Read the architecture of a program; for a script that of its interpreter.
 * @returns undefined when the program is not in the root filesystem, or its format is unknown
 */
export async function readProgramArchitecture(
  rootfs: string,
  program: ProgramSearch,
): Promise<string | undefined> {
  const header = await findProgram(rootfs, program, headerBytes);
  if (header === undefined) return undefined;
  const parsed = parseProgramHeader(header);
  if (parsed.kind !== 'script') return architectureOf(header);
  if (!parsed.interpreter.startsWith('/')) return undefined;
  const ofInterpreter = await readFileInRoot(rootfs, parsed.interpreter, headerBytes);
  return ofInterpreter && architectureOf(ofInterpreter.content);
}
