/**
 * A Podman of the test's own: its configuration in place of `/etc/containers`, its storage, locks and containers below
 * one directory. It runs the stock program, so drop-ins in its configuration directory count as on a real host.
 *
 * Containers have the programs of the host: their image consists of empty directories and links, and `/usr` is mounted into
 * each of them. It is an image, since Podman 4.3 never unmounts the volumes of containers with `--rootfs`.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { needsRoot } from './needs-root.ts';
import { tarArchive } from './tar.ts';

/** Result of one command. */
export interface PodmanAnswer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A Podman whose parts are all below one directory. */
export interface TestPodman {
  /** Stands for the root directory of the host: its configuration is in `etc/containers` below it. */
  readonly prefix: string;
  /** Directory with the program `podman` that runs this Podman: for `PATH`. */
  readonly programs: string;
  /** Image of the containers. */
  readonly image: string;
  /** Run a command to its end, whatever its result. */
  run(...args: readonly string[]): Promise<PodmanAnswer>;
  /** Run a command that must succeed. @returns its output without the last newline */
  succeed(...args: readonly string[]): Promise<string>;
  /** Run a command that must fail. @returns its error output */
  fail(...args: readonly string[]): Promise<string>;
  /**
   * Run a shell command in a new container to its end, or in the background with the option `--detach`.
   * @param options further options of `podman run`, such as `--volume data:/data`
   * @returns output of the command; ID of the container in the background
   */
  inContainer(options: readonly string[], script: string): Promise<string>;
  /** End all containers and delete everything but the volumes, which their drivers keep. */
  remove(): Promise<void>;
}

/** Any name that no registry is asked for. */
const image = 'localhost/programs-of-the-host';

/** False if Podman can run containers here; otherwise the reason to skip a test. */
export const needsPodman: string | false =
  needsRoot || (spawnSync('podman', ['--version']).status === 0 ? false : 'needs podman, from Debian');

/** The configuration replaces that of the host for this process only: the mount is in a namespace of its own. */
const program = (etc: string, cgroup: string) => `#!/bin/sh
set -e
unset CONTAINERS_CONF CONTAINERS_STORAGE_CONF CONTAINER_HOST DOCKER_CONFIG
case "$1" in run | create) command=$1; shift; set -- "$command" --cgroup-parent ${cgroup} "$@" ;; esac
exec unshare --mount --propagation slave -- sh -c \\
  'mount --bind ${etc} /etc/containers && exec "$0" "$@"' "$(command -v -p podman)" "$@"
`;

/**
 * File locks and a private state make Podmans independent of each other. Without the limits, runc is refused by a host
 * that lacks CAP_SYS_RESOURCE; without a network, no CNI configuration is needed.
 */
const settings = (directory: string) => `
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "none"
volumes = ["/usr:/usr:ro"]

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
num_locks = 64
tmp_dir = "${directory}/tmp"
`;

const storage = (directory: string) => `
[storage]
driver = "vfs"
graphroot = "${directory}/storage"
runroot = "${directory}/run"
`;

/**
 * Make a Podman with its image.
 *
 * @param directory a directory that exists; Podman's part of it is removed by `remove`
 */
export async function openPodman(directory: string): Promise<TestPodman> {
  const place = join(directory, 'podman');
  const etc = join(place, 'etc', 'containers');
  const programs = join(place, 'bin');
  const cgroup = `/outboard-podman-${basename(directory)}`;
  await mkdir(join(etc, 'containers.conf.d'), { recursive: true });
  await mkdir(programs);
  await writeFile(join(etc, 'containers.conf'), settings(place));
  await writeFile(join(etc, 'storage.conf'), storage(place));
  await writeFile(join(etc, 'policy.json'), '{"default": [{"type": "insecureAcceptAnything"}]}');
  await writeFile(join(programs, 'podman'), program(etc, cgroup), { mode: 0o755 });
  const archive = join(place, 'image.tar');
  await writeFile(archive, imageArchive());
  const run = (...args: readonly string[]) => runProgram(join(programs, 'podman'), args);
  const succeed = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...args);
    assert.equal(code, 0, `podman ${args.join(' ')}: ${stderr}`);
    return stdout.trimEnd();
  };
  await succeed('import', '--quiet', archive, image);
  return {
    prefix: place,
    programs,
    image,
    run,
    succeed,
    async fail(...args) {
      const { code, stdout, stderr } = await run(...args);
      assert.notEqual(code, 0, `podman ${args.join(' ')} must fail, but printed: ${stdout}`);
      return stderr;
    },
    inContainer: (options, script) => succeed('run', '--rm', ...options, image, 'sh', '-c', script),
    async remove() {
      await run('rm', '--all', '--force', '--time', '0');
      await removeCgroups(cgroup);
      await rm(place, { recursive: true });
    },
  };
}

/** An image: directories that Podman mounts on, and links as on the host. */
export function imageArchive(): Buffer {
  const directories = ['data', 'dev', 'etc', 'proc', 'run', 'sys', 'tmp', 'usr'];
  const links = ['bin', 'lib', 'lib64', 'sbin'].filter((name) => existsSync(`/usr/${name}`));
  return tarArchive([
    ...directories.map((name) => ({ type: 'directory', name }) as const),
    ...links.map((name) => ({ type: 'symlink', name, linkName: `usr/${name}` }) as const),
  ]);
}

/** Podman leaves the parent of its containers' cgroups, in each hierarchy. */
async function removeCgroups(name: string): Promise<void> {
  const root = '/sys/fs/cgroup';
  const hierarchies = existsSync(join(root, 'cgroup.controllers'))
    ? [root]
    : readdirSync(root).map((hierarchy) => join(root, hierarchy));
  // A monitor may end a moment after its container, and no event tells when a cgroup is empty: polled for up to 30 s.
  const deadline = AbortSignal.timeout(30_000);
  for (const path of hierarchies.map((hierarchy) => join(hierarchy, name)).filter(existsSync)) {
    while (!isRemoved(path)) await delay(10, undefined, { signal: deadline });
  }
}

/** Remove a tree of cgroups. @returns false while processes are in it */
function isRemoved(path: string): boolean {
  const children = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  if (!children.every(({ name }) => isRemoved(join(path, name)))) return false;
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EBUSY') return false;
    throw error;
  }
}

/** Run a program to its end, whatever its result. */
export async function runProgram(path: string, args: readonly string[]): Promise<PodmanAnswer> {
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}
