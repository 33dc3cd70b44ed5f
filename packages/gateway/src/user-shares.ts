/**
 * Plugins that are shared with users who are not root: each of them has sockets and views of the shared plugins' mounts in a
 * directory of its own, which follows the connections of consumers. The directory of a user belongs to root, so that no path
 * in it can be exchanged, and only the primary group of the user may enter it.
 */
import { chmod, chown, readdir, rmdir, unlink } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { createSerialQueue } from '@outboard/async';
import { makeDirectories, OutboardError, systemErrorCode } from '@outboard/oci';
import type { Logger } from 'pino';
import type { ConnectablePlugin } from './consumers/consumer-kind.ts';
import type { Consumers } from './consumers/consumers.ts';
import { findUser, type HostUser } from './consumers/host-user.ts';
import { sharedPlugins } from './consumers/shared-plugins.ts';
import type { Gateway, GatewayPlugin } from './gateway.ts';
import { openGateway } from './open-gateway.ts';

/** Shows volumes at other paths. */
export interface PathView {
  /**
   * The path of a user for a path of the host.
   * @param pluginName full name of the plugin
   * @throws {OutboardError} conflict for a path that cannot be shown
   */
  show(pluginName: string, hostPath: string): Promise<string>;
}

/** Mounts a directory and all mounts below it at a second place. */
export interface MountViews {
  open(paths: { readonly source: string; readonly view: string }): Promise<void>;
  path(paths: { readonly source: string; readonly view: string }, path: string): Promise<string | undefined>;
  close(directory: string): Promise<void>;
}

/** Parts of shares. */
export interface UserSharesDeps {
  /** Parent of the directories of users; absolute, and root's alone to change. */
  readonly directory: string;
  readonly views: MountViews;
  /** The connections with a user. */
  readonly consumers: Pick<Consumers, 'list' | 'onChange'>;
  /** The plugins that have a socket. */
  readonly connectable: () => readonly ConnectablePlugin[];
  /** Host side of a plugin's propagated mount; undefined without one. */
  readonly sourceOf: (pluginId: string) => string | undefined;
  /** Call a listener after plugins or their sockets changed. @returns removes the listener */
  readonly onChange: (listener: (pluginId?: string) => void) => () => void;
  /** Makes the maker of handlers of one user. */
  readonly createHandlers: (view: PathView) => (plugin: GatewayPlugin) => RequestListener;
  readonly logger: Logger;
}

/** Shares of users. Disposing it removes their sockets and views. */
export interface UserShares extends AsyncDisposable {
  /** Resolves when the sockets are as the connections and plugins say now. */
  settled(): Promise<void>;
}

/** Open the shares of all connections. What an earlier process has left in the directory is removed. */
export async function openUserShares(deps: UserSharesDeps): Promise<UserShares> {
  const { directory, logger } = deps;
  const queue = createSerialQueue();
  const shares = new Map<number, UserShare>();
  const run = (work: () => Promise<void>) =>
    queue
      .run(work)
      .catch((error: unknown) => logger.error({ err: error }, 'cannot keep the sockets of users'));
  const settle = () => settleShares(shares, deps);
  await run(() => clearDirectory(deps));
  await run(settle);
  const stops = [
    deps.consumers.onChange(() => void run(settle)),
    deps.onChange((pluginId) => {
      for (const share of shares.values()) share.outdate(pluginId);
      void run(settle);
    }),
  ];
  return {
    settled: () => run(async () => undefined),
    async [Symbol.asyncDispose]() {
      for (const stop of stops) stop();
      await run(async () => {
        for (const share of shares.values()) await share.close();
        if (shares.size > 0) await removeEmpty(directory);
        shares.clear();
      });
    },
  };
}

/** Open, change and close the shares as the connections say. */
async function settleShares(shares: Map<number, UserShare>, deps: UserSharesDeps): Promise<void> {
  const wanted = await wantedShares(deps);
  for (const [uid, share] of shares) {
    if (wanted.has(uid)) continue;
    shares.delete(uid);
    await share.close();
    if (shares.size === 0) await removeEmpty(deps.directory);
  }
  for (const [uid, { user, names }] of wanted) {
    const share = shares.get(uid) ?? (await openUserShare(user, deps));
    shares.set(uid, share);
    await share.settle(sharedPlugins(deps.connectable(), names));
  }
}

async function wantedShares({ consumers, logger }: UserSharesDeps) {
  const wanted = new Map<number, { readonly user: HostUser; readonly names: readonly string[] }>();
  for (const { options } of consumers.list()) {
    const { user: name, shares = [] } = options;
    if (name === undefined) continue;
    try {
      const user = await findUser(name, {});
      wanted.set(user.uid, { user, names: [...(wanted.get(user.uid)?.names ?? []), ...shares] });
    } catch (error) {
      logger.error({ err: error, user: name }, 'plugins are shared with a user who cannot be found');
    }
  }
  return wanted;
}

/** The share of one user. Calls of its asynchronous methods must not overlap. */
interface UserShare {
  /** Make a new handler for a plugin with the next `settle`. */
  outdate(pluginId: string | undefined): void;
  settle(plugins: readonly ConnectablePlugin[]): Promise<void>;
  close(): Promise<void>;
}

async function openUserShare(user: HostUser, deps: UserSharesDeps): Promise<UserShare> {
  const directory = join(deps.directory, String(user.uid));
  await makeDirectories(deps.directory, { mode: 0o755 });
  await chmod(deps.directory, 0o755);
  await makeDirectories(directory, { mode: 0o700 });
  await chown(directory, 0, user.gid);
  await chmod(directory, 0o750);
  const views = new UserViews(directory, deps);
  const plugins = new PluginList();
  const gateway = await openGateway({
    directory,
    access: { mode: 0o600, uid: user.uid, gid: user.gid },
    source: plugins,
    createHandler: deps.createHandlers(views),
    logger: deps.logger.child({ user: user.name }),
  });
  return {
    outdate: (pluginId) => plugins.announce(pluginId),
    async settle(shared) {
      plugins.set(shared);
      await gateway.settled();
      await views.settle(shared);
    },
    close: () => closeShare(directory, gateway, views),
  };
}

async function closeShare(directory: string, gateway: Gateway, views: UserViews): Promise<void> {
  await gateway.close();
  await views.settle([]);
  await removeEmpty(directory);
}

/** The shared plugins as the source of a gateway. */
class PluginList {
  #plugins: readonly GatewayPlugin[] = [];
  #listener: ((change: { readonly plugin: Pick<GatewayPlugin, 'id'> }) => void) | undefined;

  all(): readonly GatewayPlugin[] {
    return this.#plugins;
  }

  installed(): readonly GatewayPlugin[] {
    return this.#plugins;
  }

  onChange(listener: (change: { readonly plugin: Pick<GatewayPlugin, 'id'> }) => void): () => void {
    this.#listener = listener;
    return () => {
      this.#listener = undefined;
    };
  }

  /** A user has the same names for plugins as everyone else. */
  set(plugins: readonly ConnectablePlugin[]): void {
    this.#plugins = plugins.map(({ id, name, alias }) => ({ id, name, options: { gateway: { alias } } }));
    this.announce('');
  }

  announce(id = ''): void {
    this.#listener?.({ plugin: { id } });
  }
}

/** The views of one user by plugin. */
class UserViews implements PathView {
  readonly #directory: string;
  readonly #deps: UserSharesDeps;
  /** Plugins with a view, and their full names. */
  #plugins: readonly ConnectablePlugin[] = [];
  readonly #queue = createSerialQueue();

  constructor(directory: string, deps: UserSharesDeps) {
    this.#directory = directory;
    this.#deps = deps;
  }

  /** Mount the views of some plugins, and remove all others. */
  settle(plugins: readonly ConnectablePlugin[]): Promise<void> {
    return this.#queue.run(async () => {
      const gone = this.#plugins.filter(({ id }) => !plugins.some((plugin) => plugin.id === id));
      this.#plugins = plugins;
      for (const { id } of gone) await this.#close(id);
      // Before the first call, since Podman copies the mounts of the host for its containers.
      for (const plugin of plugins) await this.#open(plugin).catch(() => undefined);
    });
  }

  async show(pluginName: string, hostPath: string): Promise<string> {
    const plugin = this.#plugins.find(({ name }) => name === pluginName);
    const paths = plugin && this.#pathsOf(plugin);
    if (plugin === undefined || paths === undefined || !isBelow(hostPath, paths.source)) {
      throw cannotShow(pluginName, 'it is not below the propagated mount of the plugin');
    }
    const shown = await this.#deps.views.path(paths, hostPath);
    if (shown !== undefined) return shown;
    // The plugin was started again since the view was mounted.
    await this.#queue.run(() => this.#open(plugin));
    const renewed = await this.#deps.views.path(paths, hostPath);
    if (renewed === undefined)
      throw cannotShow(pluginName, 'the mount does not reach the directory of the user');
    return renewed;
  }

  async #open(plugin: ConnectablePlugin): Promise<void> {
    const paths = this.#pathsOf(plugin);
    // It may have been withdrawn meanwhile.
    if (paths === undefined || !this.#plugins.some(({ id }) => id === plugin.id)) return;
    await this.#deps.views.open(paths);
  }

  async #close(pluginId: string): Promise<void> {
    const view = this.#viewOf(pluginId);
    await this.#deps.views.close(view);
    await removeEmpty(view);
  }

  #pathsOf({ id }: Pick<ConnectablePlugin, 'id'>) {
    const source = this.#deps.sourceOf(id);
    return source === undefined ? undefined : { source, view: this.#viewOf(id) };
  }

  #viewOf(pluginId: string): string {
    return join(this.#directory, pluginId);
  }
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

function cannotShow(pluginName: string, reason: string): OutboardError {
  return new OutboardError('conflict', `a volume of ${pluginName} cannot be shown to the user: ${reason}`);
}

/** Unmount everything in the directory, then remove sockets and empty directories; nothing else is ever deleted. */
async function clearDirectory({ directory, views }: UserSharesDeps): Promise<void> {
  await views.close(directory);
  for (const user of await entries(directory)) {
    const own = join(directory, user);
    for (const name of await entries(own)) {
      const path = join(own, name);
      await (name.endsWith('.sock') ? unlink(path) : removeEmpty(path));
    }
    await removeEmpty(own);
  }
}

async function entries(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function removeEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY'].includes(systemErrorCode(error) ?? '')) throw error;
  }
}
