/**
 * The file with the version of a data root. A newer version may have added to it: only what every version must tell is read.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '@outboard/container';
import { onStorage } from '@outboard/oci';

/** Name of the file in the data root. */
export const versionFileName = 'layout.json';

/** The file has some dozens of bytes. */
const maxBytes = 64 * 1024;

/** Content of the file. */
export type VersionFile =
  | { readonly state: 'absent' | 'damaged' }
  | {
      readonly state: 'sound';
      readonly version: number;
      /** Name and version of the program; absent when it is not told. */
      readonly writtenBy?: string | undefined;
    };

/** Read the file. @throws {OutboardError} system when it cannot be read */
export async function readVersionFile(dataRoot: string): Promise<VersionFile> {
  const path = join(dataRoot, versionFileName);
  const text = await onStorage('read layout version', path, () => readStart(path));
  return text === undefined ? { state: 'absent' } : parseVersion(text);
}

async function readStart(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxBytes), 0, maxBytes, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function parseVersion(text: string): VersionFile {
  try {
    const { Version: version, WrittenBy: writtenBy } = JSON.parse(text) ?? {};
    if (!Number.isSafeInteger(version) || version < 1) return { state: 'damaged' };
    const known = typeof writtenBy === 'string' ? { writtenBy: writtenBy.slice(0, 128) } : {};
    return { state: 'sound', version, ...known };
  } catch {
    return { state: 'damaged' }; // cut off, or other bytes
  }
}
