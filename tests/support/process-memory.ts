/**
 * Reads what lies in the memory of other processes. Those of other tests may hold the lock of their memory while they wait
 * for a file system that does not answer; a reader would wait as long, and its connections would run out of time.
 */
import { readFileSync } from 'node:fs';

const looks = 10;
const betweenLooksMs = 10;

/**
 * Read arguments or environment.
 * @returns values that end with NUL; the empty string for a process that has ended, is a zombie, or waits in the kernel
 * (state D) for longer than a disk takes
 */
export function readProcessMemory(pid: number | string, file: 'cmdline' | 'environ'): string {
  try {
    return waitsInKernel(pid) ? '' : readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function waitsInKernel(pid: number | string): boolean {
  for (let look = 0; look < looks; look++) {
    if (!/ D [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))) return false;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, betweenLooksMs);
  }
  return true;
}
