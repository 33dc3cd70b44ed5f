/**
 * Finds the seccomp profile of a choice: that of the host, the built-in one, a file, or none.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { OutboardError } from '@outboard/oci';
import { errorCode } from '../../linux/errno.ts';
import { createFileSystemProbe } from '../../linux/file-system-probe.ts';
import { parseSeccompProfile, type SeccompProfile } from './profile-document.ts';

/** Paths of the seccomp profile of a host, the operator's before the package's, as Podman searches them. */
const hostSeccompProfiles: readonly string[] = [
  '/etc/containers/seccomp.json',
  '/usr/share/containers/seccomp.json',
];

const maxBytes = 1024 * 1024;

/**
 * Find a profile.
 * @param choice `default`: that of the host, or the built-in one where the host has none; `builtin`; `unconfined`; or
 *   an absolute path
 * @returns undefined for `unconfined`
 * @throws {OutboardError} invalid when the profile cannot be read or parsed: a container never starts with less than
 *   was requested
 */
export async function findSeccompProfile(
  choice: string,
  hostProfiles: readonly string[] = hostSeccompProfiles,
): Promise<SeccompProfile | undefined> {
  if (choice === 'unconfined') return undefined;
  if (choice !== 'default' && choice !== 'builtin') {
    await requireAnswer(choice);
    const profile = await readProfile(choice);
    if (profile !== undefined) return profile;
    throw new OutboardError(
      'invalid',
      `seccomp profile ${JSON.stringify(choice)}: no such file or directory`,
    );
  }
  for (const path of choice === 'default' ? hostProfiles : []) {
    const profile = await readProfile(path);
    if (profile !== undefined) return profile;
  }
  // Loaded on demand: a host with a profile does not need it.
  return (await import('./built-in-profile.ts')).builtInSeccompProfile;
}

/** Reading from a file system that does not answer would block for ever. */
async function requireAnswer(path: string): Promise<void> {
  const status = await createFileSystemProbe().status(path, { followLinks: true });
  if (status.kind !== 'unreachable') return;
  throw new OutboardError('invalid', `cannot read seccomp profile ${JSON.stringify(path)}: ${status.reason}`);
}

/** Read and parse a profile. @returns undefined when there is no such file */
async function readProfile(path: string): Promise<SeccompProfile | undefined> {
  const text = await readText(path);
  return text === undefined ? undefined : parseSeccompProfile(text, path);
}

async function readText(path: string): Promise<string | undefined> {
  const fail = (reason: string, cause?: unknown) =>
    new OutboardError('invalid', `cannot read seccomp profile ${JSON.stringify(path)}: ${reason}`, { cause });
  try {
    // O_NONBLOCK: opening a fifo must not wait for its writer.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = await file.stat();
    if (!status.isFile()) throw fail('not a regular file');
    if (status.size > maxBytes) throw fail(`${status.size} bytes, want at most ${maxBytes}`);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxBytes), 0, maxBytes, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (cause) {
    const code = errorCode(cause);
    if (code === 'ENOENT') return undefined;
    throw cause instanceof OutboardError ? cause : fail(code ?? String(cause), cause);
  }
}
