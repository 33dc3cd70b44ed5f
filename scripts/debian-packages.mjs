/**
 * External programs that Outboard needs, and their installation from Debian.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Any one of the programs is sufficient; the package provides the first. */
const requiredPrograms = [
  { programs: ['runc', 'crun'], debianPackage: 'runc' },
  { programs: ['conmon'], debianPackage: 'conmon' },
  { programs: ['docker-registry'], debianPackage: 'docker-registry' },
  // For plugins on a bridge; comes with iptables.
  { programs: ['host-local'], debianPackage: 'containernetworking-plugins' },
  // For plugins that are started with --init.
  { programs: ['tini-static'], debianPackage: 'tini' },
  // For the tests of bridges.
  { programs: ['ip'], debianPackage: 'iproute2' },
];
/** Optional: installed where that is possible. See `isal.ts` and `libdeflate.ts` in `packages/container/src/linux`. */
const recommended = [
  { library: 'libdeflate.so.0', debianPackage: 'libdeflate0' },
  { library: 'libisal.so.2', debianPackage: 'libisal2' },
];
const libraryDirectories = ['/lib', '/usr/lib', '/usr/local/lib'].flatMap((directory) => [
  directory,
  join(directory, `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`),
]);
const dockerCli = { programs: ['docker'], debianPackage: 'docker-cli' };
/** A consumer of volumes, for the tests and the demo. Its container network and its default runtime are not needed. */
const podman = { programs: ['podman'], debianPackage: 'podman' };
/** For the tests of the service, which boot systemd in namespaces; neither of them is started on this machine. */
const serviceManager = [
  { programs: ['systemd-run'], debianPackage: 'systemd' },
  { programs: ['dbus-daemon'], debianPackage: 'dbus' },
];
/**
 * For the tests of the gateway: engines that use plugins of Outboard, what their containers run, and programs that are
 * packed as plugins or that plugins call.
 */
const consumers = [
  { programs: ['dockerd'], debianPackage: 'docker.io' },
  // Another implementation of registries and layouts, for the tests of archives.
  { programs: ['skopeo'], debianPackage: 'skopeo' },
  // Signatures of OpenPGP: the program that verifies them, and those that make them for the tests.
  { programs: ['gpgv'], debianPackage: 'gpgv' },
  { programs: ['gpg'], debianPackage: 'gpg' },
  { programs: ['gpg-agent'], debianPackage: 'gpg-agent' },
  { programs: ['busybox'], debianPackage: 'busybox-static' },
  { programs: ['rclone'], debianPackage: 'rclone' },
  { programs: ['sshfs'], debianPackage: 'sshfs' },
  { programs: ['fusermount3'], debianPackage: 'fuse3' },
  { programs: ['mkfs.ext4'], debianPackage: 'e2fsprogs' },
  // For the tests with a clock that jumps.
  { programs: ['faketime'], debianPackage: 'faketime' },
  // For the projects that `outboard init` begins in C, Go and Python.
  { programs: ['gcc'], debianPackage: 'gcc' },
  { programs: ['gencat'], debianPackage: 'libc6-dev' },
  { programs: ['make'], debianPackage: 'make' },
  { programs: ['go'], debianPackage: 'golang-go' },
  { programs: ['python3'], debianPackage: 'python3' },
  // Makes the systems on which packages are installed.
  { programs: ['mmdebstrap'], debianPackage: 'mmdebstrap' },
];

/** For the tests of the command line: shells that complete it, the reader of its manual, and a host to reach by SSH. */
const shells = [
  { programs: ['zsh'], debianPackage: 'zsh' },
  { programs: ['fish'], debianPackage: 'fish' },
  { programs: ['mandoc'], debianPackage: 'mandoc' },
  { programs: ['ssh'], debianPackage: 'openssh-client' },
  { programs: ['sshd'], debianPackage: 'openssh-server' },
];

/** For `npm run test:host` only: the virtual machine, and what makes its system. */
const virtualMachine = [
  { programs: ['qemu-system-x86_64'], debianPackage: 'qemu-system-x86' },
  { programs: ['mmdebstrap'], debianPackage: 'mmdebstrap' },
  { programs: ['mke2fs'], debianPackage: 'e2fsprogs' },
];

/** For `npm run chaos` only: recorded disks, and their file systems. */
const recordedDisks = [
  { programs: ['qemu-storage-daemon'], debianPackage: 'qemu-system-common' },
  { programs: ['mkfs.ext4'], debianPackage: 'e2fsprogs' },
  { programs: ['mkfs.xfs'], debianPackage: 'xfsprogs' },
  { programs: ['mkfs.btrfs'], debianPackage: 'btrfs-progs' },
];

/** Debian runs this file before it starts a service during installation; exit code 101 forbids the start. */
const servicePolicy = '/usr/sbin/policy-rc.d';

/** Daemons live in sbin, which the PATH of an ordinary user lacks, and CNI plugins in directories of their own. */
const directories = [
  ...(process.env.PATH ?? '').split(delimiter),
  ...['/usr/local/sbin', '/usr/sbin', '/sbin'],
  ...['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'],
];

/**
 * Find a program.
 *
 * @param {string} name
 * @returns {string | undefined} its absolute path
 */
export function findProgram(name) {
  return directories
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

/**
 * Find missing programs.
 *
 * @param {{ needsDockerCli: boolean, needsServiceManager: boolean, needsPodman: boolean,
 *   needsConsumers: boolean, needsShells: boolean }} options
 * @returns {readonly string[]} Debian packages that provide them
 */
export function missingPrograms(options) {
  const needed = [
    ...requiredPrograms,
    ...(options.needsDockerCli ? [dockerCli] : []),
    ...(options.needsPodman ? [podman] : []),
    ...(options.needsServiceManager ? serviceManager : []),
    ...(options.needsConsumers ? consumers : []),
    ...(options.needsShells ? shells : []),
  ];
  return packagesOfMissing(needed);
}

/**
 * Find missing programs of `npm run test:host`.
 *
 * @returns {readonly string[]} Debian packages that provide them
 */
export function missingHostPrograms() {
  return packagesOfMissing(virtualMachine);
}

/**
 * Find missing programs of the power cuts on file systems, which `npm run chaos` makes.
 *
 * @returns {readonly string[]} Debian packages that provide them
 */
export function missingDiskPrograms() {
  return packagesOfMissing(recordedDisks);
}

function packagesOfMissing(needed) {
  return needed
    .filter(({ programs }) => programs.every((program) => findProgram(program) === undefined))
    .map(({ debianPackage }) => debianPackage);
}

/**
 * Find missing libraries that make Outboard faster.
 *
 * @returns {readonly string[]} Debian packages that provide them; none where they cannot be installed
 */
export function missingLibraries() {
  if (process.getuid?.() !== 0 || findProgram('apt-get') === undefined) return [];
  return recommended
    .filter(({ library }) => !libraryDirectories.some((directory) => existsSync(join(directory, library))))
    .map(({ debianPackage }) => debianPackage);
}

/**
 * Install packages on Debian as root; otherwise return a message with the commands.
 *
 * @param {readonly string[]} packages
 * @returns {{ installed: boolean, message: string }}
 */
export function installDebianPackages(packages) {
  if (findProgram('apt-get') === undefined) {
    return {
      installed: false,
      message: `missing: ${packages.join(', ')}; install them with your package manager`,
    };
  }
  if (process.getuid?.() !== 0) {
    const line = `sudo apt-get update && sudo apt-get install --no-install-recommends ${packages.join(' ')}`;
    return { installed: false, message: `missing: ${packages.join(', ')}; run: ${line}` };
  }
  // The list of packages may be absent or old.
  if (!apt('apt-get', ['-qq', 'update'])) return { installed: false, message: 'apt-get update failed' };
  const isOptional = (name) => recommended.some(({ debianPackage }) => debianPackage === name);
  const names = packages.map(nameInThisRelease).filter((name) => !isOptional(name) || isInThisRelease(name));
  if (names.length === 0) return { installed: true, message: 'all there' };
  if (
    !withoutStartingServices(() =>
      apt('apt-get', ['-qq', 'install', '--no-install-recommends', '-y', ...names]),
    )
  ) {
    return { installed: false, message: `apt-get install ${names.join(' ')} failed` };
  }
  return { installed: true, message: `installed ${names.join(', ')}` };
}

/** Before Debian 13 the docker command line came with the engine, in docker.io. */
function nameInThisRelease(name) {
  if (name !== dockerCli.debianPackage) return name;
  return isInThisRelease(name) ? name : 'docker.io';
}

function isInThisRelease(name) {
  return spawnSync('apt-cache', ['show', name], { stdio: 'ignore' }).status === 0;
}

function apt(program, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(program, args, { env, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

/** Only the programs are wanted; services of this machine are not to be started. */
function withoutStartingServices(install) {
  if (existsSync(servicePolicy)) return install();
  writeFileSync(servicePolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return install();
  } finally {
    rmSync(servicePolicy);
  }
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Absent, or not executable for this user: another directory may have it.
    return false;
  }
}
