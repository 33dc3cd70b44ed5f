/**
 * Finds CNI plugins where distributions put them.
 */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { OutboardError } from '@outboard/oci';

/** Debian, upstream, Fedora. */
const usualFolders = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'];

/**
 * The first folder that has all of some plugins. They are looked up at each use, so that those installed later are found
 * without a restart of the daemon.
 * @param folders default where distributions put them
 * @throws {OutboardError} system with code `program-missing`, naming the Debian package to install
 */
export async function findCniPlugins(
  types: readonly string[],
  folders: readonly string[] = usualFolders,
): Promise<string> {
  for (const folder of folders) {
    const found = await Promise.all(types.map((type) => isExecutable(join(folder, type))));
    if (found.every(Boolean)) return folder;
  }
  throw new OutboardError(
    'system',
    `cannot find the CNI plugins ${types.map((type) => `"${type}"`).join(', ')} in ${folders.join(', ')}: ` +
      'install the Debian package "containernetworking-plugins"',
    { code: 'program-missing', details: { program: types[0] ?? '' } },
  );
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    // Whatever the reason, this folder will not do; the caller reports if none does.
    return false;
  }
}
