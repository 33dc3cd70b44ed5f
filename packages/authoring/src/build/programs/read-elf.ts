/**
 * Reads the head of an ELF file: the architecture it runs on, and whether it needs a loader.
 * @see elf(5)
 */
import { open } from 'node:fs/promises';

/** An executable or library. */
export interface ElfFacts {
  /** In Go's names, such as `arm64`; `machine N` for an unknown one. */
  readonly architecture: string;
  /** True if it needs a loader or libraries. */
  readonly isDynamic: boolean;
}

/** By `e_machine`, 64-bit little-endian unless the name says otherwise. */
const machines: Readonly<Record<number, string>> = {
  3: '386',
  40: 'arm',
  62: 'amd64',
  183: 'arm64',
  243: 'riscv64',
  22: 's390x',
  21: 'ppc64le',
  258: 'loong64',
  8: 'mipsle',
};

const headBytes = 64 * 1024;
const dynamicSegments: ReadonlySet<number> = new Set([2 /* PT_DYNAMIC */, 3 /* PT_INTERP */]);

/** @returns undefined for other files, such as scripts */
export async function readElf(path: string): Promise<ElfFacts | undefined> {
  await using file = await open(path);
  const buffer = Buffer.alloc(headBytes);
  const { bytesRead } = await file.read(buffer, 0, headBytes, 0);
  const head = buffer.subarray(0, bytesRead);
  if (head.length < 64 || head.toString('latin1', 0, 4) !== '\x7fELF') return undefined;
  const is64 = head[4] === 2;
  const isLittle = head[5] === 1;
  const read16 = (at: number) => (isLittle ? head.readUInt16LE(at) : head.readUInt16BE(at));
  const read32 = (at: number) => (isLittle ? head.readUInt32LE(at) : head.readUInt32BE(at));
  // The table of segments follows the header in every file of a linker; an offset is far below 4 GiB.
  const offset = is64 ? read32(isLittle ? 32 : 36) : read32(28);
  const size = read16(is64 ? 54 : 42);
  const count = read16(is64 ? 56 : 44);
  let isDynamic = false;
  for (let index = 0; index < count && offset + (index + 1) * size <= head.length; index++) {
    isDynamic ||= dynamicSegments.has(read32(offset + index * size));
  }
  const machine = read16(18);
  return { architecture: machines[machine] ?? `machine ${machine}`, isDynamic };
}
