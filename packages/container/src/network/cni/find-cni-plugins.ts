/**
 * Finds CNI plugins where distributions put them.
 */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { OutboardError } from '@outboard/oci';

/** Debian, upstream, Fedora. */
const usualDirectories = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'];

/**
 * The first directory that has all of some plugins. They are looked up at each use, so that those installed later are found
 * without a restart of the daemon.
 * @param directories default where distributions put them
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
    // Whatever the reason, this directory will not do; the caller reports if none does.
    return false;
  }
}
