/**
 * Kinds of plugins that can be begun, with the parts of their config and the words that explain them.
 */

/** Kinds in the order of the help. */
export const pluginKinds = ['volume', 'authz', 'network', 'ipam', 'log', 'metrics', 'secret'] as const;

/** A kind of plugin. */
export type PluginKind = (typeof pluginKinds)[number];

/** One kind. */
export interface KindFacts {
  /** Such as `a volume plugin`. */
  readonly noun: string;
  readonly interfaceType: string;
  /** Fields of the config beyond those of every kind. @param name last part of the plugin's name */
  readonly config: (name: string) => Readonly<Record<string, unknown>>;
  /** Programs of this machine that it calls. */
  readonly programs?: readonly string[] | undefined;
  /** Lines of a shell that use the enabled plugin. */
  readonly use: (plugin: string) => string;
}

const kept = (path: string) => ({ propagatedMount: path });

/** Facts by kind. */
export const kindFacts: Readonly<Record<PluginKind, KindFacts>> = {
  volume: {
    noun: 'a volume plugin',
    interfaceType: 'docker.volumedriver/1.0',
    config: () => kept('/mnt/volumes'),
    use: (plugin) => `outboard volume create --driver ${plugin} data\noutboard volume ls`,
  },
  authz: {
    noun: 'an authorization plugin',
    interfaceType: 'docker.authz/1.0',
    config: () => ({}),
    use: (plugin) => `outboard daemon --authorization-plugin ${plugin}`,
  },
  network: {
    noun: 'a network driver',
    interfaceType: 'docker.networkdriver/1.0',
    config: (name) => ({
      network: { type: 'host' },
      linux: { capabilities: ['CAP_NET_ADMIN'] },
      ...kept(`/var/lib/${name}`),
    }),
    programs: ['ip'],
    use: (plugin) => `docker network create --driver ${plugin} web`,
  },
  ipam: {
    noun: 'an IPAM driver',
    interfaceType: 'docker.ipamdriver/1.0',
    config: (name) => kept(`/var/lib/${name}`),
    use: (plugin) => `docker network create --ipam-driver ${plugin} web`,
  },
  log: {
    noun: 'a log driver',
    interfaceType: 'docker.logdriver/1.0',
    config: () => kept('/var/log/containers'),
    use: (plugin) => `docker run --log-driver ${plugin} IMAGE`,
  },
  metrics: {
    noun: 'a metrics collector',
    interfaceType: 'docker.metricscollector/1.0',
    config: () => ({}),
    use: () => 'outboard logs --follow NAME',
  },
  secret: {
    noun: 'a secret provider',
    interfaceType: 'docker.secretprovider/1.0',
    config: () => ({
      mounts: [
        {
          name: 'secrets',
          description: 'directory with one file for each secret',
          source: '/etc/plugin-secrets',
          destination: '/secrets',
          type: 'bind',
          options: ['rbind', 'ro'],
          settable: ['source'],
        },
      ],
    }),
    use: (plugin) => `docker secret create --driver ${plugin} db-password`,
  },
};
