/**
 * Versions of Nomad. Host volume plugins came with 1.10.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Cancellable } from '@outboard/async';
import { OutboardError } from '@outboard/oci';

/** Major and minor version. */
export interface NomadVersion {
  readonly major: number;
  readonly minor: number;
  /** As it was written, such as `1.10.2`. */
  readonly text: string;
}

const deadlineMs = 10_000;

/** True for a version that runs host volume plugins. */
export function hasHostVolumePlugins({ major, minor }: NomadVersion): boolean {
  return major > 1 || (major === 1 && minor >= 10);
}

/** Parse a version such as `1.10.2` or `v1.11.0-beta.1`. @throws {OutboardError} invalid */
export function parseNomadVersion(text: string): NomadVersion {
  const [, number, major, minor] =
    /^v?((\d{1,4})\.(\d{1,4})(?:\.\d{1,4})?(?:[-+][\w.+-]{0,100})?)$/.exec(text) ?? [];
  if (number === undefined) {
    throw new OutboardError('invalid', `"${text}" is no version of Nomad: expected one such as 1.10.2`);
  }
  return { major: Number(major), minor: Number(minor), text: number };
}

/**
 * Ask the host's Nomad for its version; it has 10 s to answer.
 * @returns undefined when there is no Nomad on the PATH, or it does not answer
 */
export async function readNomadVersion({ signal }: Cancellable): Promise<NomadVersion | undefined> {
  try {
    const options = { timeout: deadlineMs, maxBuffer: 64 * 1024, signal };
    const { stdout } = await promisify(execFile)('nomad', ['version'], options);
    const text = /^Nomad (v\S+)/.exec(stdout)?.[1];
    return text === undefined ? undefined : parseNomadVersion(text);
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}
