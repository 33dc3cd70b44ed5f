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

/** Space of a file system, as statfs(2) tells it. */
export interface FileSystemSpace {
  /** Blocks that are free for ordinary users. */
  readonly bavail: number;
  readonly blocks: number;
  readonly bsize: number;
}

/**
 * Ensure that bytes can be written and the reserve stays.
 * @param bytes bytes that will be written
 * @param options.reserveBytes as in `reserveOf`
 * @param options.where names the file system in the error
 * @throws {OutboardError} system, code `no-space`, with the figures and the name of the setting
 */
export function judgeFreeSpace(
  { bavail, blocks, bsize }: FileSystemSpace,
  bytes: number,
  { reserveBytes, where }: { readonly reserveBytes: number | undefined; readonly where: string },
): void {
  const reserve = reserveOf(blocks * bsize, reserveBytes);
  const free = bavail * bsize;
  if (bytes + reserve <= free) return;
  throw new OutboardError(
    'system',
    `no space left on the file system of ${where}: ${inMebibytes(bytes)} are needed, ` +
      `${inMebibytes(free)} are free, of which ${inMebibytes(reserve)} stay free (free-space-reserve)`,
    { code: 'no-space', details: { bytes, free, reserve } },
  );
}

/**
 * As `judgeFreeSpace`, for the file system of a directory.
 * @throws {OutboardError} system, code `no-space`
 */
export async function requireFreeSpace(
  directory: string,
  bytes: number,
  reserveBytes: number | undefined,
): Promise<void> {
  const space = await onStorage('look up free space', directory, () => statfs(directory));
  judgeFreeSpace(space, bytes, { reserveBytes, where: JSON.stringify(directory) });
}

function inMebibytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(1)} MiB`;
}
