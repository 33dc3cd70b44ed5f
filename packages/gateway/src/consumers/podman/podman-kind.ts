/**
 * Podman as a consumer of volume plugins: one drop-in file of containers.conf for each of them.
 * @see containers.conf(5), "[engine.volume_plugins]"
 */
import { isAbsolute, join } from 'node:path';
import { OutboardError } from '@outboard/oci';
import type {
  ConnectablePlugin,
  ConnectOptions,
  ConsumerKind,
  ConsumerPlan,
  ExaminedConsumer,
} from '../consumer-kind.ts';
import { findUser, type HostUser } from '../host-user.ts';
import { openShares, sharedPlugins, userSocket } from '../shared-plugins.ts';
import { dropIn, volumePluginTables } from './drop-in.ts';
import {
  type PodmanFeatures,
  type PodmanVersion,
  parsePodmanVersion,
  podmanFeatures,
  readPodmanVersion,
} from './podman-version.ts';

const dropInDirectory = '/etc/containers/containers.conf.d';
/** In the home directory: the only place for one user that all versions with drop-ins read. */
const userDropInDirectory = '.config/containers/containers.conf.d';
/** After most files of the distribution, before those of an operator who wants the last word. */
const priority = 50;
/** Above the limits that the gateway itself sets, so that its error is seen and not Podman's. In seconds. */
const defaultTimeout = 150;

/** Names of Podman's own drivers: `local` cannot be replaced, and `image` would be. */
const ownDrivers = ['local', 'image'];

/** Where and how the drop-ins are written. */
interface DropInRules {
  readonly directory: string;
  /** In seconds; absent where Podman lacks the key. */
  readonly timeout: number | undefined;
  /** Command that removes the drop-ins. */
  readonly undo: string;
}

/** Ways to look at the host. */
export interface PodmanKindDeps {
  readonly readVersion: typeof readPodmanVersion;
  readonly findUser: typeof findUser;
}

const hostDeps: PodmanKindDeps = { readVersion: readPodmanVersion, findUser };

/**
 * Podman of this host, of one of its users, or of a system below a prefix.
 * @param usersDirectory directory of the sockets of users
 */
export function podmanKind(usersDirectory: string, deps: PodmanKindDeps = hostDeps): ConsumerKind {
  return {
    name: 'podman',
    accepts: ['prefix', 'configDir', 'version', 'timeout', 'user', 'shares'],
    async normalise(options, cancellable) {
      if (options.user === undefined) return options;
      const { name } = await deps.findUser(options.user, cancellable);
      return { ...options, user: name };
    },
    async examine(options, cancellable) {
      refuseHalfShare(options);
      refuseRelative('prefix', options.prefix);
      refuseRelative('configDir', options.configDir);
      const version = await findVersion(options, () => deps.readVersion(cancellable));
      if (options.user === undefined) return examined(options, version);
      const user = await deps.findUser(options.user, cancellable);
      return examinedFor(user, usersDirectory, options, version);
    },
  };
}

async function findVersion(
  { version, prefix }: ConnectOptions,
  ask: () => Promise<PodmanVersion | undefined>,
): Promise<PodmanVersion | undefined> {
  if (version !== undefined) return parsePodmanVersion(version);
  // The program of another system cannot be run here.
  return prefix === undefined ? await ask() : undefined;
}

function examined(options: ConnectOptions, version: PodmanVersion | undefined): ExaminedConsumer {
  const features: PodmanFeatures =
    version === undefined ? { hasDropIns: true, hasTimeout: true } : podmanFeatures(version);
  const { prefix = '/', configDir = dropInDirectory, timeout = defaultTimeout } = options;
  const undo = `outboard disconnect podman${options.user === undefined ? '' : ` --user ${options.user}`}`;
  const rules = {
    directory: join(prefix, configDir),
    timeout: features.hasTimeout ? timeout : undefined,
    undo,
  };
  return {
    description: version === undefined ? 'Podman of unknown version' : `Podman ${version.text}`,
    plan(plugins) {
      const volumePlugins = plugins.filter(({ capabilities }) => capabilities.includes('volumedriver'));
      if (version !== undefined && !features.hasDropIns) throw tooOld(version, volumePlugins);
      const { files, notes } = planDropIns(volumePlugins, rules);
      return { files, notes: [...versionNotes(options, version, features), ...notes] };
    },
  };
}

/** Podman of a user: drop-ins in the home directory, for the shared plugins and with the user's sockets. */
function examinedFor(
  user: HostUser,
  usersDirectory: string,
  options: ConnectOptions,
  version: PodmanVersion | undefined,
): ExaminedConsumer {
  const { name, uid, gid, home } = user;
  const { shares = [], configDir = join(home, userDropInDirectory) } = options;
  const { description, plan } = examined({ ...options, configDir }, version);
  return {
    description: `${description} of the user ${name}`,
    plan(plugins) {
      const shared = sharedPlugins(plugins, shares);
      const own = shared.map((plugin) => ({
        ...plugin,
        socket: userSocket(usersDirectory, uid, plugin.alias),
      }));
      const { files, notes } = plan(own);
      const open = openShares(plugins, shares).map(
        (share) => `No enabled plugin "${share}" serves volumes alone: it is shared as soon as one does.`,
      );
      // The note that no plugin is enabled says less.
      const others = shared.length === 0 ? notes.slice(0, -1) : notes;
      return { files: files.map((file) => ({ ...file, owner: { uid, gid } })), notes: [...others, ...open] };
    },
  };
}

function refuseHalfShare({ user, shares = [], prefix }: ConnectOptions): void {
  if (user === undefined && shares.length > 0) {
    throw new OutboardError('invalid', 'plugins are shared with a user: name one as well');
  }
  if (user !== undefined && shares.length === 0) {
    throw new OutboardError('invalid', `no plugin is shared with the user "${user}": name at least one`);
  }
  if (user !== undefined && prefix !== undefined) {
    throw new OutboardError('invalid', 'plugins are shared with users of this host only, not below a prefix');
  }
}

function planDropIns(
  plugins: readonly ConnectablePlugin[],
  { directory, timeout, undo }: DropInRules,
): ConsumerPlan {
  const taken = plugins.filter(({ alias }) => !ownDrivers.includes(alias));
  const refused = plugins.filter(({ alias }) => ownDrivers.includes(alias));
  const notes = refused.map(
    ({ alias, name }) =>
      `Podman has a driver "${alias}" of its own: give ${name} another name with: outboard update --gateway-alias my-${alias} ${name}`,
  );
  if (plugins.length === 0)
    notes.push('No volume plugin is enabled: each one is connected as soon as it is.');
  const files = taken.map((plugin) => ({
    path: join(directory, `${priority}-outboard-${plugin.alias}.conf`),
    content: dropIn(plugin, timeout, undo),
    pluginId: plugin.id,
  }));
  return { files, notes };
}

function versionNotes(
  { prefix, version: given }: ConnectOptions,
  version: PodmanVersion | undefined,
  { hasTimeout }: PodmanFeatures,
): readonly string[] {
  if (version === undefined) {
    const reason =
      prefix === undefined ? 'Podman was not found on this host' : 'Podman below a prefix is not run';
    return [`${reason}: the files are for version 4.3 and later; for another one use --for-version.`];
  }
  if (hasTimeout || given !== undefined) return [];
  return [`Podman ${version.text} gives each call to a plugin 5 s; version 4.3 and later wait longer.`];
}

/** @see reference of versions in docs/podman.md */
function tooOld({ text }: PodmanVersion, plugins: readonly ConnectablePlugin[]): OutboardError {
  const lines = plugins.map((plugin) => volumePluginTables(plugin, undefined));
  const byHand =
    lines.length === 0 ? '' : `; or add to /etc/containers/containers.conf by hand:\n${lines.join('')}`;
  return new OutboardError(
    'conflict',
    `Podman ${text} reads no drop-in files: version 3.3 or later is needed${byHand}`,
  );
}

function refuseRelative(option: string, path: string | undefined): void {
  if (path === undefined || isAbsolute(path)) return;
  throw new OutboardError('invalid', `${option} "${path}" is relative: an absolute path is needed`);
}
