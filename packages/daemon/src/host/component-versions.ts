/**
 * Versions of the programs that the daemon runs, from their own `--version`.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A program and its version. */
export interface ComponentVersion {
  readonly name: string;
  readonly version: string;
}

const deadlineMs = 5_000;

/**
 * Read the versions of an OCI runtime and conmon. A program that is missing or does not answer within 5 s is omitted: it is
 * an error of plugins, not of this query.
 * @param runtime name or path of the OCI runtime
 */
export async function readComponentVersions(runtime: string): Promise<readonly ComponentVersion[]> {
  const found = await Promise.all([readVersion(runtime), readVersion('conmon')]);
  return found.filter((component) => component !== undefined);
}

async function readVersion(program: string): Promise<ComponentVersion | undefined> {
  try {
    const options = { timeout: deadlineMs, maxBuffer: 64 * 1024 };
    const { stdout } = await promisify(execFile)(program, ['--version'], options);
    const version = /version\s+(\S+)/.exec(stdout)?.[1];
    return version === undefined ? undefined : { name: program.split('/').at(-1) ?? program, version };
  } catch {
    return undefined;
  }
}
