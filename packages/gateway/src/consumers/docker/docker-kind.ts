/**
 * Docker Engine as a consumer of plugins of every kind. It finds sockets in `/run/docker/plugins` by itself; for sockets
 * elsewhere it reads a `.spec` file for each plugin.
 * @see moby pkg/plugins/discovery.go, daemon/pkg/plugin/store.go (20.10)
 */
import { dirname, isAbsolute, join } from 'node:path';
import { OutboardError } from '@outboard/oci';
import type {
  ConnectablePlugin,
  ConnectOptions,
  ConsumerFile,
  ConsumerKind,
  ConsumerPlan,
} from '../consumer-kind.ts';
import { type DockerFacts, readDockerFacts } from './docker-facts.ts';

/** Docker Engine searches it for sockets. It cannot be set to another one. */
const searchedDirectory = '/run/docker/plugins';
const specDirectory = '/etc/docker/plugins';

/** Names of the engine's own drivers, which win over plugins, by the capability that they have. */
const ownDrivers: Readonly<Record<string, readonly string[] | undefined>> = {
  volumedriver: ['local'],
  networkdriver: ['bridge', 'host', 'ipvlan', 'macvlan', 'null', 'overlay', 'remote'],
  ipamdriver: ['default', 'null'],
  logdriver: [
    ...['awslogs', 'etwlogs', 'fluentd', 'gcplogs', 'gelf', 'journald', 'json-file', 'local', 'logentries'],
    ...['none', 'splunk', 'syslog'],
  ],
};

/** Kinds of plugins that the engine uses through a socket, and the flag or setting that names the plugin. */
const uses: Readonly<Record<string, string | undefined>> = {
  volumedriver: 'docker volume create --driver',
  networkdriver: 'docker network create --driver',
  ipamdriver: 'docker network create --ipam-driver',
  logdriver: 'docker run --log-driver',
  authz: 'dockerd --authorization-plugin',
};

/** Docker Engine of this host, or of a system below a prefix. */
export function dockerKind(readFacts: typeof readDockerFacts = readDockerFacts): ConsumerKind {
  return {
    name: 'docker',
    accepts: ['prefix', 'configDir'],
    async examine(options, cancellable) {
      refuseRelative('prefix', options.prefix);
      refuseRelative('configDir', options.configDir);
      // The engine of another system does not run here.
      const facts = options.prefix === undefined ? await readFacts(cancellable) : undefined;
      return {
        description:
          facts === undefined ? 'Docker Engine of unknown version' : `Docker Engine ${facts.version}`,
        plan: (plugins) => plan(plugins.filter(isUsed), options, facts),
      };
    },
  };
}

function isUsed({ capabilities }: ConnectablePlugin): boolean {
  return capabilities.some((capability) => uses[capability] !== undefined);
}

function plan(
  plugins: readonly ConnectablePlugin[],
  options: ConnectOptions,
  facts: DockerFacts | undefined,
): ConsumerPlan {
  const obstacles = plugins.map((plugin) => obstacleOf(plugin, facts));
  const usable = plugins.filter((_, index) => obstacles[index] === undefined);
  const found = usable.filter(({ socket }) => isFoundBySocket(socket, options));
  const notes = [
    ...obstacles.filter((obstacle) => obstacle !== undefined),
    ...(found.length === 0 ? [] : [`Found by its socket, without a file: ${describe(found)}.`]),
    ...authorizationNotes(usable),
    ...(plugins.length === 0
      ? ['No plugin for Docker Engine is enabled: each one is connected as soon as it is.']
      : []),
    ...(facts === undefined && options.prefix === undefined
      ? ['Docker Engine does not answer at /run/docker.sock: the names of its own plugins are not known.']
      : []),
  ];
  return {
    files: usable.filter((plugin) => !found.includes(plugin)).map((plugin) => specFile(plugin, options)),
    notes,
  };
}

/** A spec file in another directory than the engine's is for an engine that sees other sockets. */
function isFoundBySocket(socket: string, { prefix, configDir }: ConnectOptions): boolean {
  return prefix === undefined && configDir === undefined && dirname(socket) === searchedDirectory;
}

function specFile({ id, alias, socket }: ConnectablePlugin, options: ConnectOptions): ConsumerFile {
  const { prefix = '/', configDir = specDirectory } = options;
  return { path: join(prefix, configDir, `${alias}.spec`), content: `unix://${socket}\n`, pluginId: id };
}

/** The reason for which the engine would not use the plugin, with a remedy; undefined for none. */
function obstacleOf(plugin: ConnectablePlugin, facts: DockerFacts | undefined): string | undefined {
  const { alias, name, capabilities } = plugin;
  const remedy = `give ${name} another name with: outboard update --gateway-alias my-${alias} ${name}`;
  if (capabilities.some((capability) => ownDrivers[capability]?.includes(alias) === true)) {
    return `Docker Engine has a driver "${alias}" of its own: ${remedy}`;
  }
  const shadowing = facts?.plugins.find((own) => own.name === `${alias}:latest` || own.id.startsWith(alias));
  if (shadowing === undefined) return undefined;
  return `Docker Engine has the plugin ${shadowing.name} of its own, which wins over "${alias}": ${remedy}`;
}

function describe(plugins: readonly ConnectablePlugin[]): string {
  return plugins.map(({ alias }) => alias).join(', ');
}

function authorizationNotes(plugins: readonly ConnectablePlugin[]): readonly string[] {
  return plugins
    .filter(({ capabilities }) => capabilities.includes('authz'))
    .map(
      ({ alias }) =>
        `To have ${alias} decide on requests, add it to "authorization-plugins" in /etc/docker/daemon.json and reload Docker Engine.`,
    );
}

function refuseRelative(option: string, path: string | undefined): void {
  if (path === undefined || isAbsolute(path)) return;
  throw new OutboardError('invalid', `${option} "${path}" is relative: an absolute path is needed`);
}
