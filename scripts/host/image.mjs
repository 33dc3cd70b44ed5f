/**
 * The Debian system of the virtual machine, which is made once and kept.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeDirectories } from '../make-directories.mjs';
import { installedNode } from '../node-versions.mjs';

/** The newest version that the tests know. */
const nodeMajor = 24;

const packages = [
  ...['linux-image-cloud-amd64', 'systemd', 'systemd-sysv', 'udev', 'dbus', 'kmod', 'apparmor'],
  ...['runc', 'crun', 'conmon', 'containernetworking-plugins', 'iptables', 'tini', 'podman'],
  ...[
    'docker-registry',
    'iproute2',
    'procps',
    'fuse3',
    'e2fsprogs',
    'busybox-static',
    'libdeflate0',
    'libisal2',
  ],
];

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const rootScript = here('../../tests/support/debian-root.sh');
const systemScript = here('make-system.sh');
const madeOf = [rootScript, systemScript, here('outboard-agent.service')];

/**
 * Directory with `root.img`, `vmlinuz` and `initrd.img`; makes it if it is not there. It takes some minutes, and 200 MB of
 * Debian's mirror.
 *
 * @param {{ rebuild: boolean }} options
 * @returns {string}
 * @throws {Error} if a step fails
 */
export function makeImage({ rebuild }) {
  const node = join(installedNode(nodeMajor), 'bin', 'node');
  const contents = [
    packages.join(' '),
    node.split('/').slice(-4).join('/'),
    ...madeOf.map((file) => readFileSync(file)),
  ];
  const hash = createHash('sha256');
  for (const content of contents) hash.update(content);
  const cache = cacheDirectory();
  const directory = join(cache, hash.digest('hex').slice(0, 16));
  if (existsSync(directory) && !rebuild) return directory;
  makeDirectories(cache);
  chmodSync(cache, 0o700);
  const work = join(cache, 'unfinished');
  rmSync(work, { recursive: true, force: true });
  makeDirectories(join(work, 'system'));
  try {
    run(rootScript, join(work, 'bare'));
    chooseModules(join(work, 'bare'));
    run(rootScript, join(work, 'root'), join(work, 'bare'), ...packages);
    run(systemScript, join(work, 'system'), join(work, 'root'), node);
    rmSync(directory, { recursive: true, force: true });
    renameSync(join(work, 'system'), directory);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return directory;
}

/**
 * The initial RAM disk gets the modules for the machine's disks and nothing else: under emulation, a larger one takes
 * long to unpack.
 */
function chooseModules(root) {
  const directory = join(root, 'etc', 'initramfs-tools', 'conf.d');
  makeDirectories(directory);
  writeFileSync(join(directory, 'outboard'), 'MODULES=list\nCOMPRESS=gzip\n');
}

/** In namespaces of its own, whose processes and mounts end with this one. The output is shown if it fails. */
function run(...command) {
  const namespaces = [
    '--mount',
    '--propagation',
    'private',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
  ];
  const { status, error, stderr } = spawnSync(
    'setpriv',
    ['--pdeathsig', 'KILL', 'unshare', ...namespaces, '--', ...command],
    { stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 2 ** 24 },
  );
  if (status !== 0)
    throw new Error(`"${command.join(' ')}" ended with ${status}: ${stderr}`, { cause: error });
}

function cacheDirectory() {
  const { OUTBOARD_HOST_CACHE: chosen, XDG_CACHE_HOME: caches } = process.env;
  return chosen ?? join(caches ?? join(homedir(), '.cache'), 'outboard', 'test-host');
}
