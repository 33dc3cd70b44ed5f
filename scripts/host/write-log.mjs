/**
 * The log of all requests to a disk, which qemu's driver `blklogwrites` writes, and disks as a power cut at one of them
 * leaves them: what was flushed is there, and of what was not, any part.
 *
 * Format: blocks of the sector size. The first begins with the magic, the version, the number of entries (64 bits each) and
 * the sector size (32 bits); all numbers are little-endian. Each entry has a block with first sector, number of sectors and
 * flags (64 bits each), followed by the content of these sectors unless it discards them.
 *
 * @see Linux, Documentation/admin-guide/device-mapper/log-writes.rst; qemu, block/blklogwrites.c
 */
import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';

const magic = 0x6a736677736872n;
const sectorSize = 512;
const [flush, forceAccess, discard] = [1n, 2n, 4n];

/**
 * @typedef {object} WriteEntry
 * @property {boolean} isFlush all entries before it are durable
 * @property {boolean} isDurable is durable itself at its end
 * @property {boolean} isDiscard
 * @property {number} start first byte on the disk
 * @property {number} length bytes
 * @property {number} contentAt first byte of its content in the log
 * @property {number} contentLength bytes
 */

/**
 * Read the entries so far; while qemu runs, the last ones may be missing. It writes the first block at the first flush.
 *
 * @param {string} path
 * @returns {readonly WriteEntry[]}
 * @throws {Error} if it is no such log
 */
export function readWriteLog(path) {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const block = Buffer.alloc(sectorSize);
    readSync(file, block, 0, sectorSize, 0);
    const isBegun = block.some((byte) => byte !== 0);
    if (isBegun && (block.readBigUInt64LE(0) !== magic || block.readUInt32LE(24) !== sectorSize))
      throw new Error(`"${path}" is no log of blklogwrites with sectors of ${sectorSize} bytes`);
    const entries = [];
    for (let at = sectorSize; at + sectorSize <= size; ) {
      readSync(file, block, 0, sectorSize, at);
      const entry = parseEntry(block, at + sectorSize);
      if (entry === undefined || entry.contentAt + entry.contentLength > size) break;
      entries.push(entry);
      at = entry.contentAt + entry.contentLength;
    }
    return entries;
  } finally {
    closeSync(file);
  }
}

/** @returns undefined where nothing was written yet */
function parseEntry(block, contentAt) {
  const [sector, sectors, flags] = [0, 8, 16].map((offset) => block.readBigUInt64LE(offset));
  if (sectors === 0n && flags === 0n) return undefined;
  const isDiscard = (flags & discard) !== 0n;
  const length = Number(sectors) * sectorSize;
  return {
    isFlush: (flags & flush) !== 0n,
    isDurable: (flags & forceAccess) !== 0n,
    isDiscard,
    start: Number(sector) * sectorSize,
    length,
    contentAt,
    contentLength: isDiscard ? 0 : length,
  };
}

/**
 * Write the disk as it is after a power cut.
 *
 * @param {{ base: string, log: string, target: string, from?: number, count: number, isLost: () => boolean }} options the
 *   disk after the first `from` entries, default none; the number of entries that the disk had received, and a choice for
 *   each that was not flushed
 * @returns {{ written: number, lost: number }} numbers of entries
 */
export function writeCutDisk({ base, log, target, from: done = 0, count, isLost }) {
  const entries = readWriteLog(log).slice(done, count);
  const flushed = entries.findLastIndex(({ isFlush }) => isFlush);
  copySparse(base, target);
  const [from, to] = [openSync(log, 'r'), openSync(target, 'r+')];
  const result = { written: 0, lost: 0 };
  try {
    for (const [index, entry] of entries.entries()) {
      if (entry.length === 0) continue;
      if (index > flushed && !entry.isDurable && isLost()) {
        result.lost += 1;
        continue;
      }
      const data = Buffer.alloc(entry.length);
      if (!entry.isDiscard) readSync(from, data, 0, entry.length, entry.contentAt);
      writeSync(to, data, 0, entry.length, entry.start);
      result.written += 1;
    }
  } finally {
    closeSync(from);
    closeSync(to);
  }
  return result;
}

/** Disks are empty for the most part. */
function copySparse(from, to) {
  const { status, error } = spawnSync('cp', ['--sparse=always', '--reflink=auto', from, to], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`cannot copy "${from}" to "${to}"`, { cause: error });
}
