/**
 * Versions of Podman, and the parts of its configuration that each one reads.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Cancellable } from '@outboard/async';
import { OutboardError } from '@outboard/oci';

/** Major and minor version. */
export interface PodmanVersion {
  readonly major: number;
  readonly minor: number;
  /** As it was written, such as `4.3.1`. */
  readonly text: string;
}

/** The parts of the configuration that a version of Podman reads. */
export interface PodmanFeatures {
  /** Files in `containers.conf.d`. */
  readonly hasDropIns: boolean;
  /** The key `engine.volume_plugin_timeout`; before it, every call has 5 s. */
  readonly hasTimeout: boolean;
}

const deadlineMs = 10_000;

/**
 * The features of a version.
 * @see containers.conf(5) of each version; the drop-ins came with 3.3, the timeout with 4.3
 */
export function podmanFeatures(version: PodmanVersion): PodmanFeatures {
  return {
    hasDropIns: isAtLeast(version, 3, 3),
    hasTimeout: isAtLeast(version, 4, 3),
  };
}

/** Parse a version such as `4.3.1` or `5.0.0-dev`. @throws {OutboardError} invalid */
export function parsePodmanVersion(text: string): PodmanVersion {
  const [, major, minor] = /^v?(\d{1,4})\.(\d{1,4})(?:[.+~-][\w.+~-]{0,100})?$/.exec(text) ?? [];
  if (major === undefined || minor === undefined) {
    throw new OutboardError('invalid', `"${text}" is no version of Podman: expected one such as 4.3.1`);
  }
  return { major: Number(major), minor: Number(minor), text };
}

/**
 * Ask the host's Podman for its version; it has 10 s to answer.
 * @returns undefined when there is no Podman on the PATH, or it does not answer
 */
export async function readPodmanVersion({ signal }: Cancellable): Promise<PodmanVersion | undefined> {
  try {
    const options = { timeout: deadlineMs, maxBuffer: 64 * 1024, signal };
    const { stdout } = await promisify(execFile)('podman', ['--version'], options);
    const text = /version\s+(\S+)/.exec(stdout)?.[1];
    return text === undefined ? undefined : parsePodmanVersion(text);
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

function isAtLeast(version: PodmanVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}
