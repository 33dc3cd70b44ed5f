/**
 * The program `ip` of iproute2.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Run `ip` with arguments. @throws {Error} with what it printed */
export async function ip(...args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)('ip', args, { timeout: 10_000 })).stdout;
  } catch (error) {
    const reason = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new Error(`ip ${args.join(' ')}: ${reason}`);
  }
}

/** True if there is an interface of this name. */
export async function hasInterface(name: string): Promise<boolean> {
  return ip('link', 'show', 'dev', name).then(
    () => true,
    () => false,
  );
}

/** Delete an interface; no error if there is none. */
export async function deleteInterface(name: string): Promise<void> {
  if (await hasInterface(name)) await ip('link', 'delete', 'dev', name);
}
