/**
 * Podman as the demo's consumer of volumes: the stock program, with a configuration and a storage of the demo's own.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findProgram, installDebianPackages } from '../debian-packages.mjs';
import { makeDirectories } from '../make-directories.mjs';

/** Image of the demo's containers. */
export const demoImage = 'localhost/demo';

const cgroupRoot = '/sys/fs/cgroup';
/** Upper bound for the end of the containers' monitors, in milliseconds. */
const monitorTimeoutMs = 10_000;

/** Without limits of its own, a container gets some that few virtual machines can grant. */
const settings = (directory, runtime) => `
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "none"
volumes = ["/usr:/usr:ro"]

[engine]
runtime = "${runtime}"
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
num_locks = 64
tmp_dir = "${directory}/tmp"
`;

const storage = (directory) => `
[storage]
driver = "vfs"
graphroot = "${directory}/storage"
runroot = "${directory}/run"
`;

/** The configuration takes the place of the host's in a mount namespace of this process. */
const program = ({ podman, etc, cgroup }) => `#!/bin/sh
set -e
case "$1" in run | create) command=$1; shift; set -- "$command" --cgroup-parent ${cgroup} "$@" ;; esac
unset CONTAINERS_CONF CONTAINERS_STORAGE_CONF CONTAINER_HOST DOCKER_CONFIG
exec unshare --mount --propagation slave -- sh -c \\
  'mount --bind ${etc} /etc/containers && exec ${podman} "$@"' podman "$@"
`;

/** The demo's Podman, by its directory. @typedef {{ program: string, dropIns: string, cgroup: string }} DemoPodman */

/**
 * Prepare Podman, which is installed if it is missing.
 *
 * @param {string} directory the demo's own
 * @param {string} rootfs the directory that the image of its containers is made of
 * @returns {Promise<{ podman: DemoPodman } | { reason: string }>} why Podman cannot run containers here
 */
export async function preparePodman(directory, rootfs) {
  if (findProgram('podman') === undefined) {
    const { installed, message } = installDebianPackages(['podman']);
    if (!installed) return { reason: message };
  }
  if (!existsSync('/etc/containers')) return { reason: 'the host has no /etc/containers' };
  const podman = await writePodman(join(directory, 'podman'), `/${basename(directory)}`);
  // Podman 4.3 never unmounts the volumes of a container with --rootfs, so an image is made.
  const archive = join(directory, 'container.tar');
  const { status, stderr } = spawnSync('tar', ['-C', rootfs, '-cf', archive, '.'], { encoding: 'utf8' });
  if (status !== 0) return { reason: stderr };
  for (const args of [
    ['import', '--quiet', archive, demoImage],
    ['run', '--rm', demoImage, 'true'],
  ]) {
    const { code, errors } = await runPodman(podman, args);
    if (code !== 0) return { reason: errors.trim().split('\n').at(-1) ?? 'it says nothing' };
  }
  return { podman };
}

async function writePodman(directory, cgroup) {
  const etc = join(directory, 'etc');
  const dropIns = join(etc, 'containers.conf.d');
  makeDirectories(dropIns);
  const runtime = findProgram('runc') === undefined ? 'crun' : 'runc';
  await writeFile(join(etc, 'containers.conf'), settings(directory, runtime));
  await writeFile(join(etc, 'storage.conf'), storage(directory));
  await writeFile(join(etc, 'policy.json'), '{"default": [{"type": "insecureAcceptAnything"}]}');
  const path = join(directory, 'podman');
  await writeFile(path, program({ podman: findProgram('podman'), etc, cgroup }), { mode: 0o755 });
  return { program: path, dropIns, cgroup };
}

/**
 * Run a command of the demo's Podman.
 *
 * @param {DemoPodman} podman
 * @param {readonly string[]} args
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ code: number | null, output: string, errors: string }>}
 */
export async function runPodman({ program }, args, signal) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [code, output, errors] = await Promise.all([ended, textOf(child.stdout), textOf(child.stderr)]);
  return { code, output, errors };
}

/** End the containers, and remove their cgroups. @param {DemoPodman} podman */
export async function endPodman(podman) {
  await runPodman(podman, ['rm', '--all', '--force', '--time', '0']);
  const roots = existsSync(join(cgroupRoot, 'cgroup.controllers'))
    ? [cgroupRoot]
    : readdirSync(cgroupRoot).map((hierarchy) => join(cgroupRoot, hierarchy));
  // Monitors end a moment after their containers, and no event tells when.
  const deadline = performance.now() + monitorTimeoutMs;
  for (const path of roots.map((root) => join(root, podman.cgroup)).filter(existsSync)) {
    while (!removeCgroup(path) && performance.now() < deadline) await wait(20);
  }
}

/** @returns false while processes are in it */
function removeCgroup(path) {
  const children = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  if (!children.every(({ name }) => removeCgroup(join(path, name)))) return false;
  try {
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}

async function textOf(stream) {
  return Buffer.concat(await stream.toArray()).toString();
}
