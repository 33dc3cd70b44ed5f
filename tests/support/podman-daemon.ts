/**
 * A daemon with a Podman that is connected to it, for the tests of one file.
 */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from './daemon.ts';
import { type PluginApi, pluginApi } from './plugin-api.ts';
import { openPodman, type TestPodman } from './podman.ts';
import { untilOtherPid } from './restartable-daemon.ts';
import { pidOfPlugin } from './running-plugins.ts';

/** A daemon and a Podman in one directory. */
export interface PodmanDaemon {
  readonly home: string;
  readonly podman: TestPodman;
  daemon: TestDaemon;
  api: PluginApi;
  /** Create a plugin, set it up and enable it. @returns its ID */
  enable(name: string, archive: Buffer, ...settings: readonly string[]): Promise<string>;
  /** End the daemon with a signal, and start the next one. */
  restart(signal: NodeJS.Signals): Promise<void>;
  /** Kill a plugin's process, and wait until the plugin is ready again. */
  killPlugin(id: string): Promise<void>;
  /** Kill the processes of plugins and the daemon, start the next daemon, and wait until the plugins are ready. */
  killBoth(...ids: readonly string[]): Promise<void>;
  /** Remove containers, plugins, daemon and directory. */
  remove(): Promise<void>;
}

/** Start a daemon, and connect a Podman to it. */
export async function openPodmanDaemon(): Promise<PodmanDaemon> {
  const { home, remove } = await makeDaemonHome();
  const podman = await openPodman(home);
  const daemon = await startDaemon({ home });
  const ids: string[] = [];
  const place: PodmanDaemon = {
    home,
    podman,
    daemon,
    api: pluginApi(daemon.socket),
    async enable(name, archive, ...settings) {
      await place.api.create(name, archive);
      if (settings.length > 0) await place.api.set(name, ...settings);
      await place.api.enable(name);
      const { Id: id } = JSON.parse((await call(place, 'GET', `/plugins/${name}/json`)).text);
      ids.push(id);
      return id;
    },
    async restart(signal) {
      await place.daemon.end(signal);
      place.daemon = await startDaemon({ home });
      place.api = pluginApi(place.daemon.socket);
    },
    async killPlugin(id) {
      const { execRoot } = place.daemon;
      const pid = pidOfPlugin(execRoot, id);
      process.kill(pid, 'SIGKILL');
      await untilOtherPid(execRoot, id, pid);
      await call(place, 'GET', `/outboard/v1/plugins/${id}/wait?timeout=60`);
    },
    async killBoth(...killed) {
      for (const id of killed) process.kill(pidOfPlugin(place.daemon.execRoot, id), 'SIGKILL');
      await place.restart('SIGKILL');
      for (const id of killed) await call(place, 'GET', `/outboard/v1/plugins/${id}/wait?timeout=60`);
    },
    async remove() {
      await podman.remove();
      for (const id of ids) await call(place, 'DELETE', `/plugins/${id}?force=1`);
      await place.daemon.end('SIGTERM');
      await remove();
    },
  };
  const body = JSON.stringify({ Prefix: podman.prefix });
  const headers = { 'content-type': 'application/json' };
  const path = '/outboard/v1/consumers/podman/connect';
  const { status, text } = await callApi(daemon.socket, 'POST', path, { headers, body });
  assert.equal(status, 200, text);
  return place;
}

function call({ daemon }: PodmanDaemon, method: string, path: string) {
  return callApi(daemon.socket, method, path);
}

/** The file system at a path of the host: its device, and its type as the table of mounts names it. */
export function fileSystemAt(path: string): { readonly device: number; readonly type: string } {
  const { dev: device } = statSync(path);
  const [line = ''] = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((each) => each.split(' ')[4] === path)
    .slice(-1);
  return { device, type: line.split(' - ')[1]?.split(' ')[0] ?? 'not mounted' };
}
