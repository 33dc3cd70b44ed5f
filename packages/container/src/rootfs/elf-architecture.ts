/**
 * The processor architecture in the header of an ELF file.
 * @see elf(5), e_ident and e_machine
 */

/** Names as in platforms of the OCI image-spec, by e_machine. */
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

/** Parse the architecture in the first bytes of a program. */
export function architectureOf(header: Buffer): string | undefined {
  if (header.length < 20 || header.toString('latin1', 0, 4) !== '\x7fELF') return undefined;
  const isLittleEndian = header[5] === 1;
  const machine = isLittleEndian ? header.readUInt16LE(18) : header.readUInt16BE(18);
  const name = architectures.get(machine);
  if (name === 'mips' && header[4] === 2) return isLittleEndian ? 'mips64le' : 'mips64';
  if (name === 'ppc64' || name === 'mips') return isLittleEndian ? `${name}le` : name;
  return name;
}
