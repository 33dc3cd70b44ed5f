/**
 * Finds the programs that Outboard runs. They are looked up at each use, so that a program installed later is found
 * without a restart of the daemon.
 */
import { accessSync, statSync } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { OutboardError } from '@outboard/oci';

/** Programs that Outboard runs by name, and the Debian packages that contain them. */
const debianPackages: ReadonlyMap<string, string> = new Map([
  ['apparmor_parser', 'apparmor'],
  ['busybox', 'busybox-static'],
  ['conmon', 'conmon'],
  ['crun', 'crun'],
  ['gpgv', 'gpgv'],
  ['ip', 'iproute2'],
  ['iptables', 'iptables'],
  ['iptables-restore', 'iptables'],
  ['mount', 'mount'],
  ['nsenter', 'util-linux'],
  ['rm', 'coreutils'],
  ['runc', 'runc'],
  ['sed', 'sed'],
  ['stat', 'coreutils'],
  ['systemctl', 'systemd'],
  ['systemd-run', 'systemd'],
  ['true', 'coreutils'],
  ['umount', 'mount'],
  ['unshare', 'util-linux'],
]);

/**
 * System directories that the PATH of an unprivileged shell or a minimal service may lack, such as the one of runc.
 */
const systemDirectories = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * Find the absolute path of a program.
 *
 * @param name a bare name, searched in PATH and the system directories, or an absolute path
 * @throws {OutboardError} system with code `program-missing`, naming the Debian package to install where it is known
 */
export async function findBinary(name: string): Promise<string> {
  if (isAbsolute(name)) {
    if (await isExecutable(name)) return name;
    throw missing(`cannot run "${name}": it is not an executable file`, name);
  }
  if (name === '' || name.includes('/')) {
    throw missing(`cannot run "${name}": expected a bare program name or an absolute path`, name);
  }
  for (const directory of searchDirectories()) {
    const candidate = join(directory, name);
    if (await isExecutable(candidate)) return candidate;
  }
  throw describeAbsence(name);
}

/**
 * As `findBinary`, for callers that cannot wait.
 *
 * @param name a bare name
 * @throws {OutboardError} as `findBinary`
 */
export function findBinarySync(name: string): string {
  const found = searchDirectories()
    .map((directory) => join(directory, name))
    .find(isExecutableSync);
  if (found === undefined) throw describeAbsence(name);
  return found;
}

function searchDirectories(): readonly string[] {
  const fromEnvironment = (process.env.PATH ?? '').split(':').filter((directory) => isAbsolute(directory));
  return [...new Set([...fromEnvironment, ...systemDirectories])];
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    // A directory passes the access check too.
    return (await stat(path)).isFile();
  } catch {
    // Whatever the reason (absent, forbidden), this candidate cannot be run; the caller reports when none can.
    return false;
  }
}

function isExecutableSync(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // as above
  }
}

/** Error for a program that is not in PATH. */
export function describeAbsence(name: string): OutboardError {
  const debianPackage = debianPackages.get(name);
  // The package of a program that the operator named is unknown.
  const advice = debianPackage === undefined ? '' : `: install the Debian package "${debianPackage}"`;
  return missing(`cannot find "${name}" in PATH${advice}`, name);
}

function missing(message: string, program: string): OutboardError {
  return new OutboardError('system', message, { code: 'program-missing', details: { program } });
}
