/**
 * Examples as their authors pack them: `outboard build`, with Node.js, its libraries and the programs that they call.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const outboard = join(repository, 'bin', 'outboard');

/** Reason for skipping if a program that an example calls is not here, or false. */
export const needsIproute: string | false = existsSync('/usr/sbin/ip')
  ? false
  : 'needs the Debian package iproute2';

/**
 * Build examples.
 *
 * @param names directories below `examples/`
 * @param target each plugin goes to a directory of its name below it
 */
export async function buildExamples(names: readonly string[], target: string): Promise<void> {
  for (const name of names) {
    const example = join(repository, 'examples', name);
    await promisify(execFile)(outboard, ['build', example, '--output', join(target, name)]);
  }
}
