/**
 * The free-space reserve: a part of a file system that downloads leave free, so that a registry that sends without end
 * fills no disk that other programs write to.
 */
import { statfs } from 'node:fs/promises';
import { OutboardError } from '../errors/outboard-error.ts';
import { onStorage } from './storage-error.ts';

const mebibyte = 1024 * 1024;
const defaultReserveBytes = 512 * mebibyte;
/** The part of a small file system that is kept free at most. */
const defaultReserveShare = 0.05;

/**
 * The bytes to keep free on a file system.
 * @param totalBytes size of the file system
 * @param reserveBytes the setting; undefined: 512 MiB, or 5 % of a small file system
 */
function reserveOf(totalBytes: number, reserveBytes: number | undefined): number {
  return reserveBytes ?? Math.min(defaultReserveBytes, Math.floor(totalBytes * defaultReserveShare));
}

/**
 * Ensure that bytes can be written and the reserve stays.
 * @param directory any directory of the file system
 * @param bytes bytes that will be written
 * @param reserveBytes as in `reserveOf`
 * @throws {OutboardError} system, code `no-space`, with the figures and the name of the setting
 */
export async function requireFreeSpace(
  directory: string,
  bytes: number,
  reserveBytes: number | undefined,
): Promise<void> {
  const { bavail, blocks, bsize } = await onStorage('look up free space', directory, () => statfs(directory));
  const reserve = reserveOf(blocks * bsize, reserveBytes);
  const free = bavail * bsize;
  if (bytes + reserve <= free) return;
  throw new OutboardError(
    'system',
    `no space left on the file system of ${JSON.stringify(directory)}: ${inMebibytes(bytes)} are needed, ` +
      `${inMebibytes(free)} are free, of which ${inMebibytes(reserve)} stay free (free-space-reserve)`,
    { code: 'no-space', details: { path: directory, bytes, free, reserve } },
  );
}

function inMebibytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(1)} MiB`;
}
