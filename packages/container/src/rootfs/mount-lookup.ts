/**
 * Checks a path in a file system that a container mounted for links. Such a file system may never answer: it is
 * probed by a child process that can be killed, and nothing in it is opened (hardening I14).
 */
import { OutboardError } from '@outboard/oci';
import { createFileSystemProbe, type FileSystemProbeOptions } from '../linux/file-system-probe.ts';

const typeBits = 0o170000; // S_IFMT
const linkBits = 0o120000; // S_IFLNK

/**
 * Look up a path below a mount.
 * @param mountPoint on the host
 * @param below components below it, none of them `..`; unreadable ones count as absent
 * @returns the path of the last one
 * @throws {OutboardError} system, code `path-escapes`, when one is a link; unavailable, code `plugin-timeout`, when
 *   the file system does not answer; the reason of the signal
 */
export async function lookUpInMount(
  mountPoint: string,
  below: readonly string[],
  options: FileSystemProbeOptions = {},
): Promise<string> {
  const paths = below.map((_, index) => [mountPoint, ...below.slice(0, index + 1)].join('/'));
  const wanted = paths.at(-1) ?? mountPoint;
  const late = new OutboardError(
    'unavailable',
    `the file system that the container mounted at ${JSON.stringify(mountPoint)} does not answer`,
    { code: 'plugin-timeout' },
  );
  const modes = await createFileSystemProbe(options).modes(paths);
  if (modes === undefined) throw late;
  if (!modes.some((mode) => (mode & typeBits) === linkBits)) return wanted;
  throw new OutboardError(
    'system',
    `path ${JSON.stringify(wanted)} has a link in a file system that the container mounted: want a path without links`,
    { code: 'path-escapes' },
  );
}
