/**
 * The consumers of the demo: programs that use a volume of the plugin in a container. It is Podman, or, where Podman cannot
 * run containers, a container of the OCI runtime over the same socket.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { findProgram } from '../debian-packages.mjs';
import { makeDirectories } from '../make-directories.mjs';
import { callSocket } from './http-call.mjs';
import { demoImage, endPodman, preparePodman, runPodman } from './podman.mjs';

/** Name of the gateway's socket for the example, without `.sock`. */
const alias = 'volume-local';
/** The ID under which Podman holds every volume. */
const holder = '2f73349cfc4630255319c6c8dfc1b46a8996ace9d14d8e07563b165915918ec2';

/**
 * @typedef {object} Consumer
 * @property {string} name
 * @property {readonly string[]} connectArgs arguments of `outboard` that make it use the plugins; empty if it needs none
 * @property {(volume: string) => Promise<void>} create
 * @property {(volume: string, script: string) => Promise<string>} run a shell command in a container with the volume at
 *   `/data`; returns its output
 * @property {(volume: string) => Promise<void>} remove
 */

/**
 * Find out which consumer can run containers here.
 *
 * @param {{ surroundings: import('./surroundings.mjs').Surroundings, narrator: import('./narrator.mjs').Narrator,
 *   signal: AbortSignal }} options
 * @returns {Promise<Consumer>}
 */
export async function findConsumer(options) {
  const { surroundings, narrator } = options;
  const rootfs = await makeRootfs(join(surroundings.directory, 'container'));
  const found = await preparePodman(surroundings.directory, rootfs);
  if ('podman' in found) {
    surroundings.podman = found.podman;
    narrator.note('Podman runs containers here');
    return podmanConsumer(options);
  }
  narrator.note(`Podman cannot run containers here: ${found.reason}`);
  narrator.note('so a container of the OCI runtime uses the volume, over the same socket');
  return runtimeConsumer(options, rootfs);
}

/** End what a consumer may have left. @param {import('./surroundings.mjs').Surroundings} surroundings */
export async function endConsumer({ podman }) {
  if (podman !== undefined) await endPodman(podman);
}

/** A root filesystem of empty directories, with links as on the host: `/usr` is mounted into it. */
async function makeRootfs(path) {
  for (const name of ['data', 'dev', 'etc', 'proc', 'run', 'sys', 'tmp', 'usr']) {
    makeDirectories(join(path, name));
  }
  for (const name of ['bin', 'lib', 'lib64', 'sbin'].filter((name) => existsSync(`/usr/${name}`))) {
    await symlink(`usr/${name}`, join(path, name));
  }
  return path;
}

function podmanConsumer({ surroundings: { podman }, narrator, signal }) {
  const run = async (...args) => {
    narrator.command(['podman', ...args.map(quoted)].join(' '));
    const { code, output, errors } = await runPodman(podman, args, signal);
    narrator.output(`${output}\n${errors}`);
    if (code !== 0) throw new Error(`"podman ${args.join(' ')}" failed with exit code ${code}`);
    return output;
  };
  return {
    name: 'Podman',
    connectArgs: ['connect', 'podman', '--config-dir', podman.dropIns],
    create: (volume) => run('volume', 'create', '--driver', alias, volume),
    run: (volume, script) => run('run', '--rm', '--volume', `${volume}:/data`, demoImage, 'sh', '-c', script),
    remove: (volume) => run('volume', 'rm', volume),
  };
}

function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`;
}

function runtimeConsumer({ surroundings, narrator, signal }, rootfs) {
  const runtime = findProgram('runc') ?? findProgram('crun');
  const socketPath = join(surroundings.gatewayDirectory, `${alias}.sock`);
  const ask = async (call, body) => {
    const answer = await callSocket({ socketPath, method: 'POST', path: `/${call}`, body, signal });
    narrator.note(`${call} ${JSON.stringify(body)} -> ${JSON.stringify(answer)}`);
    return answer;
  };
  const withVolume = async (volume, use) => {
    const { Mountpoint: path } = await ask('VolumeDriver.Mount', { Name: volume, ID: holder });
    try {
      return await use(path);
    } finally {
      await ask('VolumeDriver.Unmount', { Name: volume, ID: holder });
    }
  };
  return {
    name: basename(runtime),
    connectArgs: [],
    create: (volume) => ask('VolumeDriver.Create', { Name: volume, Opts: {} }),
    run: (volume, script) =>
      withVolume(volume, (path) => {
        narrator.command(`${basename(runtime)} run: /data is ${path}, sh -c '${script}'`);
        return runBundle({ surroundings, runtime, rootfs, narrator }, { path, script });
      }),
    remove: (volume) => ask('VolumeDriver.Remove', { Name: volume }),
  };
}

/** Run one container of the OCI runtime to its end. */
async function runBundle({ surroundings, runtime, rootfs, narrator }, { path, script }) {
  const bundle = join(surroundings.directory, 'bundle');
  makeDirectories(bundle);
  const id = basename(surroundings.directory);
  await writeFile(join(bundle, 'config.json'), JSON.stringify(runtimeSpec({ id, rootfs, path, script })));
  const args = ['--root', join(surroundings.directory, 'runtime'), 'run', '--bundle', bundle, id];
  const { status, stdout, stderr } = spawnSync(runtime, args, { encoding: 'utf8', timeout: 30_000 });
  await rm(bundle, { recursive: true });
  narrator.output(`${stdout}\n${stderr}`);
  if (status !== 0) throw new Error(`${basename(runtime)} failed with exit code ${status}: ${stderr}`);
  return stdout;
}

/** @see https://github.com/opencontainers/runtime-spec/blob/v1.0.2/config.md */
function runtimeSpec({ id, rootfs, path, script }) {
  const bind = (source, destination, ...options) => ({
    destination,
    source,
    type: 'bind',
    options: ['rbind', ...options],
  });
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid: 0, gid: 0 },
      args: ['sh', '-c', script],
      env: ['PATH=/usr/sbin:/usr/bin'],
      cwd: '/',
      noNewPrivileges: true,
    },
    root: { path: rootfs },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      bind('/usr', '/usr', 'ro'),
      bind(path, '/data', 'rw'),
    ],
    linux: {
      cgroupsPath: `/${id}`,
      namespaces: ['pid', 'mount', 'network', 'ipc', 'uts'].map((type) => ({ type })),
    },
  };
}
