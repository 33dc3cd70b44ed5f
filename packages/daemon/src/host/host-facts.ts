/**
 * Facts about the host for `/info` and `/version`.
 */
import { readFile } from 'node:fs/promises';
import { arch, release } from 'node:os';

/** Facts that do not change while the daemon runs. */
export interface HostFacts {
  readonly kernelVersion: string;
  /** In the terms of Go, such as `amd64`. */
  readonly architecture: string;
  /** In the terms of `uname -m`, such as `x86_64`. */
  readonly machine: string;
  /** Such as `Debian GNU/Linux 12 (bookworm)`. */
  readonly operatingSystem: string;
  /** Such as `12`. */
  readonly operatingSystemVersion: string;
}

const goArchitectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', arm64: 'arm64' };
const machines: Readonly<Record<string, string>> = { x64: 'x86_64', ia32: 'i686', arm64: 'aarch64' };

/** Read the facts; an unknown one is an empty text. */
export async function readHostFacts(): Promise<HostFacts> {
  const osRelease = await readOsRelease();
  return {
    kernelVersion: release(),
    architecture: goArchitectures[arch()] ?? arch(),
    machine: machines[arch()] ?? arch(),
    operatingSystem: osRelease.get('PRETTY_NAME') ?? 'Linux',
    operatingSystemVersion: osRelease.get('VERSION_ID') ?? '',
  };
}

/** @see os-release(5) */
async function readOsRelease(): Promise<ReadonlyMap<string, string>> {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      return parseOsRelease(await readFile(path, 'utf8'));
    } catch {
      // The file is optional.
    }
  }
  return new Map();
}

/** Parse the assignments of an os-release file. */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([A-Z0-9_]+)=(["']?)(.*)\2$/.exec(line.trim());
    if (match !== null) values.set(match[1] ?? '', (match[3] ?? '').replace(/\\(["'$`\\])/g, '$1'));
  }
  return values;
}
