/**
 * Users of this host.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Cancellable } from '@outboard/async';
import { OutboardError } from '@outboard/oci';

/** A user. */
export interface HostUser {
  readonly name: string;
  readonly uid: number;
  /** Primary group. */
  readonly gid: number;
  /** Home directory, an absolute path. */
  readonly home: string;
}

const deadlineMs = 10_000;

/**
 * Find a user by name or number; bounded in time.
 * @throws {OutboardError} invalid for root and for no name of a user; not-found
 * @see getent(1), passwd(5)
 */
export async function findUser(text: string, { signal }: Cancellable): Promise<HostUser> {
  if (!/^\w[\w.@-]{0,255}$/.test(text)) {
    throw new OutboardError('invalid', `${JSON.stringify(text)} is no user: expected a name or a number`);
  }
  const line = await readEntry(text, signal);
  const [name = '', , uid = '', gid = '', , home = ''] = line.trimEnd().split(':');
  if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid) || !home.startsWith('/')) {
    throw new OutboardError('not-found', `no user "${text}" with a home directory on this host`);
  }
  if (Number(uid) === 0) {
    throw new OutboardError('invalid', `"${text}" is root, whose programs are connected without a user`);
  }
  return { name, uid: Number(uid), gid: Number(gid), home };
}

async function readEntry(text: string, signal: AbortSignal | undefined): Promise<string> {
  try {
    const options = { timeout: deadlineMs, maxBuffer: 64 * 1024, signal };
    return (await promisify(execFile)('getent', ['passwd', text], options)).stdout;
  } catch (error) {
    signal?.throwIfAborted();
    throw new OutboardError('not-found', `no user "${text}" on this host`, { cause: error });
  }
}
