/**
 * A real Docker Engine of a test: Debian's `dockerd` with directories, processes and cgroups of its own, without bridges
 * and firewall rules. It shares the network of this process.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { callApi } from './daemon.ts';
import { createDockerCli, type DockerCli } from './docker-cli.ts';
import { needsRoot } from './needs-root.ts';
import { type PluginProcess, startPluginProcess } from './node-plugin.ts';
import { type TarEntryFields, tarArchive } from './tar.ts';

/** A Docker Engine that runs. */
export interface DockerEngine extends AsyncDisposable {
  /** Path of its API's socket. */
  readonly socket: string;
  /** Its `/etc/docker`; spec files of legacy plugins go to `plugins` in it. */
  readonly configuration: string;
  /** The stock command line, connected to it. */
  readonly docker: DockerCli;
  /** Its data root, such as `/var/lib/docker`. */
  readonly dataRoot: string;
  /** All that it logged so far. */
  log(): string;
  /** Kill it and all of its containers. Its files stay. */
  stop(): Promise<void>;
  /** Kill it and all of its containers, and start it again. @param args replace those of `startDockerEngine` */
  restart(args?: readonly string[]): Promise<void>;
}

export interface DockerEngineOptions {
  /**
   * Home of the daemon whose gateway it uses, as `makeDaemonHome` made it: its `/run/docker/plugins` is `gateway` in it.
   * Mounts of plugins reach the engine only if `shareDirectory` shared the home before.
   */
  readonly daemonHome: string;
  /** Further arguments of dockerd. */
  readonly args?: readonly string[];
  /** Gives it a network of its own, with the loopback device only: a swarm makes bridges. Default false. */
  readonly hasOwnNetwork?: boolean;
}

/** Name of an image with busybox only, which every engine of `startDockerEngine` has. */
export const busyboxImage = 'busybox:latest';

const script = fileURLToPath(new URL('docker-engine.sh', import.meta.url));
const busybox = '/bin/busybox';
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Reason for skipping if no engine can run here, or false. */
export const needsDockerEngine: string | false =
  needsRoot ||
  (['/usr/sbin/dockerd', busybox].every(existsSync)
    ? false
    : 'needs the Debian packages docker.io and busybox-static');

/** Start an engine and wait until it serves; that takes about a second. Disposing it ends all of its processes. */
export async function startDockerEngine(options: DockerEngineOptions): Promise<DockerEngine> {
  const home = join(options.daemonHome, 'dockerd');
  const socket = dockerSocket(options.daemonHome);
  const configuration = join(home, 'etc');
  const fixed = [join(options.daemonHome, 'gateway'), join(options.daemonHome, 'logging'), configuration];
  for (const directory of fixed) await mkdir(directory, { recursive: true });
  const docker = await createDockerCli(socket);
  const start = async (args: readonly string[]) => {
    const command = dockerdCommand(home, fixed, options.hasOwnNetwork ?? false);
    const started = await startPluginProcess([...command, ...args], socket, { PATH: searchPath });
    // The socket accepts before the engine is initialised; requests wait.
    await callApi(socket, 'GET', '/_ping');
    return started;
  };
  let running: PluginProcess | undefined;
  const release = async () => {
    if (running) await kill(running);
    await docker.remove();
    removeCgroups(cgroupOf(home));
    await rm(home, { recursive: true, force: true });
  };
  try {
    running = await start(options.args ?? []);
    await importBusybox(socket);
  } catch (error) {
    await release();
    throw error;
  }
  return {
    socket,
    configuration,
    docker,
    dataRoot: join(home, 'data'),
    async stop() {
      if (running) await kill(running);
    },
    log: () => running?.errors() ?? '',
    async restart(args = options.args ?? []) {
      if (running) await kill(running);
      // Process IDs of the namespace before: the next one can have a thread with that of containerd, which dockerd would
      // then not start.
      for (const file of ['dockerd.pid', 'exec/containerd/containerd.pid'])
        await rm(join(home, file), { force: true });
      await rm(socket, { force: true });
      running = await start(args);
    },
    [Symbol.asyncDispose]: release,
  };
}

function dockerdCommand(
  home: string,
  fixed: readonly string[],
  hasOwnNetwork: boolean,
): readonly [string, ...string[]] {
  const network = hasOwnNetwork ? ['--net'] : [];
  const isolated = [
    ...network,
    '--mount',
    '--propagation',
    'slave',
    '--pid',
    '--fork',
    '--mount-proc',
    'sh',
    script,
  ];
  const paths = { '--data-root': 'data', '--exec-root': 'exec', '--pidfile': 'dockerd.pid' };
  return [
    'unshare',
    ...isolated,
    ...[...fixed, 'dockerd'],
    ...Object.entries(paths).flatMap(([flag, name]) => [flag, join(home, name)]),
    ...['--host', `unix://${join(home, 'docker.sock')}`, '--log-level', 'info'],
    ...['--bridge', 'none', '--iptables=false', '--ip-forward=false', '--ip-masq=false'],
    ...['--exec-opt', 'native.cgroupdriver=cgroupfs', '--cgroup-parent', `/${cgroupOf(home)}`],
  ];
}

/** Path of the API's socket of an engine. @param daemonHome as in `DockerEngineOptions` */
export function dockerSocket(daemonHome: string): string {
  return join(daemonHome, 'dockerd', 'docker.sock');
}

/** Name of the cgroup of all containers. */
function cgroupOf(home: string): string {
  return `${basename(dirname(home))}-docker`;
}

/** Kill the first process of the pid namespace: its parent ends after all processes of the namespace. */
async function kill({ child }: PluginProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
  for (const pid of children.trim().split(' ')) process.kill(Number(pid), 'SIGKILL');
  await ended;
}

/** An image is a program with a link for each of its names. */
async function importBusybox(socket: string): Promise<void> {
  const names = spawnSync(busybox, ['--list'], { encoding: 'utf8' }).stdout.trim().split('\n');
  const links = names
    .filter((name) => name !== 'busybox')
    .map((name): TarEntryFields => ({ type: 'symlink', name: `bin/${name}`, linkName: 'busybox' }));
  const archive = tarArchive([
    { type: 'directory', name: 'bin' },
    { name: 'bin/busybox', mode: 0o755, content: await readFile(busybox) },
    ...links,
  ]);
  const [repo = '', tag = ''] = busyboxImage.split(':');
  const query = new URLSearchParams({ fromSrc: '-', repo, tag });
  const answer = await callApi(socket, 'POST', `/images/create?${query}`, { body: archive });
  if (answer.status !== 200 || answer.text.includes('errorDetail')) throw new Error(answer.text);
}

/** In every hierarchy. */
function removeCgroups(name: string): void {
  const roots = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(' ')[4] ?? '');
  for (const root of roots) removeCgroup(join(root, name));
}

function removeCgroup(path: string): void {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroup(join(path, entry.name));
  }
  rmdirSync(path);
}
