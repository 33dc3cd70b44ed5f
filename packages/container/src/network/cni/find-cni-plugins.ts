/**
 * Finds the CNI plugins of the distribution.
 */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { OutboardError } from '@outboard/oci';

/** Directories of Debian, upstream and Fedora. */
const usualDirectories = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'];

/**
 * Find the first directory with all of some CNI plugins. They are looked up at each use, so that those installed
 * later are found without a restart of the daemon.
 * @param directories default those of the distributions
 * @throws {OutboardError} system with code `program-missing`, naming the Debian package to install
 */
export async function findCniPlugins(
  types: readonly string[],
  directories: readonly string[] = usualDirectories,
): Promise<string> {
  for (const directory of directories) {
    const found = await Promise.all(types.map((type) => isExecutable(join(directory, type))));
    if (found.every(Boolean)) return directory;
  }
  throw new OutboardError(
    'system',
    `cannot find the CNI plugins ${types.map((type) => `"${type}"`).join(', ')} in ${directories.join(', ')}: ` +
      'install the Debian package "containernetworking-plugins"',
    { code: 'program-missing', details: { program: types[0] ?? '' } },
  );
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    // Whatever the reason, this directory is not usable; the caller reports when none is.
    return false;
  }
}
