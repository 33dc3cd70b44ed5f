/**
 * A host with Outboard's daemon and a Docker Engine that uses the plugins of the daemon through its gateway. Both see its
 * sockets in `/run/docker/plugins`.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acquireAll, type DisposalStack } from '@outboard/async';
import { makeDaemonHome, startDaemon, type TestDaemon } from './daemon.ts';
import { type DockerEngine, dockerSocket, startDockerEngine } from './docker-engine.ts';
import { type PluginApi, pluginApi } from './plugin-api.ts';
import { shareDirectory } from './shared-directory.ts';

const script = fileURLToPath(new URL('docker-host.sh', import.meta.url));

/** Both of them run. Disposing removes the named plugins and everything else. */
export interface DockerHost extends AsyncDisposable {
  readonly home: string;
  /** The daemon that runs now. */
  readonly daemon: TestDaemon;
  readonly api: PluginApi;
  readonly engine: DockerEngine;
  /** End the daemon with a signal, and start the next one. @param meanwhile runs while there is none */
  nextDaemon(signal: NodeJS.Signals, meanwhile?: () => Promise<void>): Promise<void>;
}

export interface DockerHostOptions {
  /** Archives of plugins by local name; each is created and enabled before the engine starts. */
  readonly plugins: Readonly<Record<string, Buffer>>;
  /** Further arguments of dockerd. */
  readonly engineArgs?: readonly string[];
}

/** Start the last build of the daemon, the plugins and the engine. */
export function openDockerHost(options: DockerHostOptions): Promise<DockerHost> {
  return acquireAll(
    (stack) => openHost(options, stack),
    (error) => console.error(error),
  );
}

async function openHost(
  { plugins, engineArgs = [] }: DockerHostOptions,
  stack: DisposalStack,
): Promise<DockerHost> {
  const { home, remove } = await makeDaemonHome();
  stack.defer(remove);
  stack.use(shareDirectory(home));
  for (const name of ['gateway', 'logging']) await mkdir(join(home, name));
  const isolated = [
    'unshare',
    '--mount',
    '--propagation',
    'unchanged',
    'sh',
    script,
    home,
    dockerSocket(home),
  ];
  const args = ['--gateway-dir', '/run/docker/plugins', '--gateway-log-dir', '/run/docker/logging'];
  const start = () => startDaemon({ home, around: isolated, args });
  let daemon = await start();
  let api = pluginApi(daemon.socket);
  stack.defer(() => daemon.end('SIGTERM'));
  for (const [name, archive] of Object.entries(plugins)) {
    await api.create(name, archive);
    stack.defer(() => api.remove(name, { force: true }));
    await api.enable(name);
  }
  const engine = stack.use(await startDockerEngine({ daemonHome: home, args: engineArgs }));
  const owned = stack.move();
  return {
    home,
    get daemon() {
      return daemon;
    },
    get api() {
      return api;
    },
    engine,
    async nextDaemon(signal, meanwhile) {
      await daemon.end(signal);
      await meanwhile?.();
      daemon = await start();
      api = pluginApi(daemon.socket);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
