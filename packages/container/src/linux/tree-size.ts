/**
 * The space that a directory tree takes on its file system.
 */
import type { Cancellable } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { findBinary } from './find-binary.ts';
import { runProgram } from './run-program.ts';

const timeoutMs = 60_000;

/**
 * Sum up the blocks of a tree, hard links once, as `du` of coreutils does: it neither follows links nor leaves the file
 * system, and a disk that hangs blocks no thread of this process.
 * @returns bytes
 * @throws {OutboardError} system; the signal's reason
 */
export async function readTreeSize(path: string, { signal }: Cancellable = {}): Promise<number> {
  const args = ['--summarize', '--one-file-system', '--block-size=1', '--', path];
  const { code, stdout, stderr } = await runProgram(await findBinary('du'), args, { timeoutMs, signal });
  const bytes = Number.parseInt(stdout, 10);
  if (code === 0 && Number.isSafeInteger(bytes)) return bytes;
  const reason = stderr.trim().slice(0, 1024) || `du ended with code ${code}`;
  throw new OutboardError('system', `cannot find out the size of ${JSON.stringify(path)}: ${reason}`);
}
