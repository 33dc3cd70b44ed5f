/**
 * Reads a small file of the host whose file system may never answer. Child processes look at it and read it, so that this
 * process is never blocked, and nothing but a regular file is opened.
 */
import type { Cancellable } from '@outboard/async';
import { OutboardError, showValue } from '@outboard/oci';
import type { FileStatus, ProbeResult } from './file-status.ts';
import { createFileSystemProbe } from './file-system-probe.ts';
import { findBinary } from './find-binary.ts';
import { runProgram } from './run-program.ts';

const typeMask = 0o170000;
const regularFile = 0o100000;
const typeNames: ReadonlyMap<number, string> = new Map([
  [0o010000, 'a FIFO'],
  [0o020000, 'a device'],
  [0o040000, 'a directory'],
  [0o060000, 'a device'],
  [0o140000, 'a socket'],
]);

/** Options of `readHostFile`. */
export interface ReadHostFileOptions extends Cancellable {
  /** Upper bound of its size in bytes, at most 255 KiB. */
  readonly maxBytes: number;
  /** Time limit for its content in milliseconds; default 10,000. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Read a file whole, as UTF-8; links are followed. Its content is in no error.
 * @param path absolute
 * @throws {OutboardError} not-found; invalid when it is no regular file, or too large; unavailable when its file system
 *   does not answer; system when it cannot be read; the reason of the signal
 */
export async function readHostFile(path: string, options: ReadHostFileOptions): Promise<string> {
  const { maxBytes, signal, timeoutMs = 10_000 } = options;
  await requireHostFile(path, { signal });
  const head = await findBinary('head');
  const args = ['-c', String(maxBytes + 1), '--', path];
  const { code, stdout, stderr } = await runProgram(head, args, { signal, timeoutMs });
  if (code !== 0) throw new OutboardError('system', `cannot read ${showValue(path)}: ${lastPart(stderr)}`);
  if (Buffer.byteLength(stdout) > maxBytes) {
    throw new OutboardError('invalid', `cannot read ${showValue(path)}: it is longer than ${maxBytes} bytes`);
  }
  return stdout;
}

/**
 * Require a file that `readHostFile` can open, without opening it.
 * @throws {OutboardError} not-found; invalid when it is no regular file; unavailable when its file system does not answer;
 *   the reason of the signal
 */
export async function requireHostFile(path: string, { signal }: Cancellable): Promise<void> {
  requireRegularFile(path, await createFileSystemProbe({ signal }).status(path, { followLinks: true }));
}

function requireRegularFile(path: string, found: ProbeResult<FileStatus>): void {
  const refuse = (kind: 'not-found' | 'invalid' | 'unavailable', reason: string) =>
    new OutboardError(kind, `cannot read ${showValue(path)}: ${reason}`);
  if (found.kind === 'missing') throw refuse('not-found', 'no such file');
  if (found.kind === 'unreachable') throw refuse('unavailable', found.reason);
  const type = found.value.mode & typeMask;
  // A FIFO would make the reader wait, a device can act when it is opened.
  if (type !== regularFile)
    throw refuse('invalid', `it is ${typeNames.get(type) ?? 'something else'}: want a file`);
}

/** `head: error reading '/x': Input/output error` */
function lastPart(stderr: string): string {
  return stderr.trim().replace(/^.*: /s, '').toLowerCase() || 'the reader failed';
}
