/**
 * Looks for links in a file system that a plugin mounted. Such a file system answers when it likes, or never: it is
 * asked by a process that can be killed, and nothing in it is opened (hardening I14).
 */
import { OutboardError } from '@outboard/oci';
import { createFileSystemProbe, type FileSystemProbeOptions } from '../linux/file-system-probe.ts';

const typeBits = 0o170000; // S_IFMT
const linkBits = 0o120000; // S_IFLNK

/**
 * @param mountPoint where it is mounted on the host
 * @param below names from there on, none of them `..`; those that cannot be seen count as absent
 * @returns the path of the last one
 * @throws {OutboardError} system, code `path-escapes`, when one is a link; unavailable, code `plugin-timeout`, when the
 *   file system does not answer; the signal's reason
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
    `the file system that the plugin mounted at ${JSON.stringify(mountPoint)} does not answer`,
    { code: 'plugin-timeout' },
  );
  const modes = await createFileSystemProbe(options).modes(paths);
  if (modes === undefined) throw late;
  if (!modes.some((mode) => (mode & typeBits) === linkBits)) return wanted;
  throw new OutboardError(
    'system',
    `path ${JSON.stringify(wanted)} has a link in a file system that the plugin mounted: want the place itself`,
    { code: 'path-escapes' },
  );
}
