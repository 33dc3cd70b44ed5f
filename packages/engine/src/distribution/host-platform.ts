/**
 * The platform of this host, with the level of its processor: indexes may have builds for newer processors beside others.
 */
import { open } from 'node:fs/promises';
import { hostPlatform, type Platform } from '@outboard/oci';

/** Bytes that hold the flags of the first processor; hosts have hundreds of them, which are alike. */
const headBytes = 16 * 1024;

/**
 * Flags of /proc/cpuinfo that each level of amd64 adds.
 * @see System V ABI, AMD64 supplement 1.0, "Micro-Architecture Levels"; Linux arch/x86/include/asm/cpufeatures.h
 */
const levels: readonly (readonly [variant: string, flags: readonly string[]])[] = [
  ['v2', ['cx16', 'lahf_lm', 'popcnt', 'sse4_1', 'sse4_2', 'ssse3']],
  ['v3', ['abm', 'avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'movbe', 'xsave']],
  ['v4', ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl']],
];

/** Read the platform of this host. Of amd64 the variant is the level of its processors, such as `v3`. */
export async function readHostPlatform(): Promise<Platform> {
  const platform = hostPlatform();
  if (platform.architecture !== 'amd64') return platform;
  const variant = amd64Level(await readHead('/proc/cpuinfo'));
  return { ...platform, ...(variant !== undefined && { variant }) };
}

/**
 * The level of the first processor in a text in the form of /proc/cpuinfo.
 * @returns undefined for the first level, which has no name in platforms
 */
export function amd64Level(cpuInfo: string): string | undefined {
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuInfo)?.[1]?.trim().split(/\s+/));
  let reached: string | undefined;
  for (const [variant, needed] of levels) {
    if (!needed.every((flag) => flags.has(flag))) break;
    reached = variant;
  }
  return reached;
}

async function readHead(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}
