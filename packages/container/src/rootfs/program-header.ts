/**
 * Reads the first bytes of a program as the kernel does when it executes it: a script with its interpreter, or an ELF file
 * with its dynamic loader.
 * @see execve(2), "Interpreter scripts"; elf(5), PT_INTERP
 */
import { architectureOf } from './elf-architecture.ts';

/** Number of bytes that hold the headers and the loader's path of the programs that linkers make. */
export const programHeaderBytes = 4096;

/** Beginning of a program. */
export type ProgramHeader =
  | { readonly kind: 'script'; readonly interpreter: string }
  | {
      readonly kind: 'elf';
      /** OCI image-spec's name; undefined for a processor that it does not name. */
      readonly architecture: string | undefined;
      /** Path of the dynamic loader; undefined for a static program. */
      readonly loader: string | undefined;
    }
  /** Neither: the kernel refuses to execute it, unless `binfmt_misc` knows it. */
  | { readonly kind: 'unknown' };

const interpreterSegment = 3; // PT_INTERP
const maxSegments = 64;
const maxLineBytes = 256;

/** Parse the first bytes of a program. */
export function parseProgramHeader(bytes: Buffer): ProgramHeader {
  if (bytes.toString('latin1', 0, 4) === '\x7fELF') {
    return { kind: 'elf', architecture: architectureOf(bytes), loader: loaderOf(bytes) };
  }
  if (bytes.toString('latin1', 0, 2) !== '#!') return { kind: 'unknown' };
  const line = bytes.toString('utf8', 2, maxLineBytes).split('\n', 1)[0] ?? '';
  const interpreter = /^[ \t]*([^ \t\0]+)/.exec(line)?.[1];
  return interpreter === undefined ? { kind: 'unknown' } : { kind: 'script', interpreter };
}

/** @returns undefined also for a header that is cut or that contradicts itself, which only the kernel can judge */
function loaderOf(bytes: Buffer): string | undefined {
  if (bytes.length < 64) return undefined;
  const is64Bit = bytes[4] === 2;
  const read = numberReader(bytes, bytes[5] !== 2);
  const tableAt = is64Bit ? read(0x20, 8) : read(0x1c, 4);
  const entryBytes = read(is64Bit ? 0x36 : 0x2a, 2);
  const entries = Math.min(read(is64Bit ? 0x38 : 0x2c, 2), maxSegments);
  for (let index = 0; index < entries; index += 1) {
    const at = tableAt + index * entryBytes;
    if (at + entryBytes > bytes.length || entryBytes < (is64Bit ? 56 : 32)) return undefined;
    if (read(at, 4) !== interpreterSegment) continue;
    const start = is64Bit ? read(at + 8, 8) : read(at + 4, 4);
    const length = is64Bit ? read(at + 32, 8) : read(at + 16, 4);
    if (start + length > bytes.length) return undefined;
    return bytes.toString('utf8', start, start + length).replace(/\0.*$/s, '');
  }
  return undefined;
}

function numberReader(bytes: Buffer, isLittleEndian: boolean): (at: number, size: 2 | 4 | 8) => number {
  return (at, size) => {
    // Values beyond 2^53 are no offsets of a file; they fail the comparison with the length.
    if (size === 8) return Number(isLittleEndian ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
    return isLittleEndian ? bytes.readUIntLE(at, size) : bytes.readUIntBE(at, size);
  };
}
