/**
 * How the daemon is configured: the values in force, and their defaults.
 */
import type { CgroupDriver } from '@outboard/engine';
import type { LogFormat } from '../logging/log-format.ts';
import type { LogLevel } from '../logging/log-level.ts';

/** Everything that can be configured, by the names of the configuration file. */
export interface Configuration {
  readonly 'data-root': string;
  readonly 'exec-root': string;
  /** Addresses to listen on; `unix:///PATH` or `tcp://ADDRESS:PORT`. */
  readonly hosts: readonly string[];
  /** Name or number of the group that may use unix sockets; empty for none, absent for `outboard` if it exists. */
  readonly group?: string;
  /** Whether TCP without TLS is wanted, on loopback. */
  readonly 'insecure-tcp': boolean;
  /** Whether TCP speaks TLS; `tlsverify` implies it. */
  readonly tls: boolean;
  /** Whether TCP clients must show a certificate of an authority in `tlscacert`. */
  readonly tlsverify: boolean;
  /** File with the authorities that may vouch for clients, as PEM. */
  readonly tlscacert: string;
  /** File with the certificate of this daemon, and those between it and its authority, as PEM. */
  readonly tlscert: string;
  /** File with the private key of `tlscert`, as PEM. */
  readonly tlskey: string;
  /** File with the certificates that the authorities took back, as PEM; empty for none. */
  readonly tlscrl: string;
  /** Registries that may be spoken to in plain HTTP or with any certificate. */
  readonly 'insecure-registries': readonly string[];
  /** `REGISTRY=TOKEN-SERVER`: token servers of other hosts that may see a registry's credentials. */
  readonly 'token-servers': readonly string[];
  /** How long a registry may send or take nothing before an operation fails, in seconds. */
  readonly 'registry-timeout': number;
  /** Plugins that are asked about every request, in this order. */
  readonly 'authorization-plugins': readonly string[];
  /** Where metrics are served, as `ADDRESS:PORT`; empty for nowhere. */
  readonly 'metrics-addr': string;
  /** Of plugins whose network is `bridge`. */
  readonly 'bridge-name': string;
  /** Their IPv4 subnet, as `ADDRESS/BITS`. */
  readonly 'bridge-subnet': string;
  /** Addresses of their name servers; empty for the host's. */
  readonly dns: readonly string[];
  /** Whether plugins go on running while there is no daemon. */
  readonly 'live-restore': boolean;
  /** Before the first restart of a plugin that failed, in seconds; doubled with each failure in a row. */
  readonly 'restart-delay': number;
  /** Bound on that, in seconds. */
  readonly 'restart-max-delay': number;
  /** `runc`, `crun`, or the path of an OCI runtime. */
  readonly runtime: string;
  /** Who makes the cgroups of plugins; undefined for what the host calls for. */
  readonly 'cgroup-driver': CgroupDriver | undefined;
  readonly 'log-level': LogLevel;
  /** Of the daemon's log; undefined for the one that suits standard error. */
  readonly 'log-format': LogFormat | undefined;
  /** Whether what plugins write is in the daemon's log as well. */
  readonly 'log-plugins': boolean;
}

/** What one source (the command line, the file) says. */
export type PartialConfiguration = { readonly [Key in keyof Configuration]?: Configuration[Key] | undefined };

/** Where the file is looked for when none is named; there it may be missing. */
export const defaultConfigurationFile = '/etc/outboard/daemon.json';

/** Where the files of TLS are, under the names that Docker gives them. */
const defaultTlsDirectory = '/etc/outboard/tls';

/** Fill in what no source said. */
export function withDefaults(given: PartialConfiguration): Configuration {
  const execRoot = given['exec-root'] ?? '/run/outboard';
  return {
    'data-root': given['data-root'] ?? '/var/lib/outboard',
    'exec-root': execRoot,
    hosts: given.hosts ?? [`unix://${execRoot}/outboard.sock`],
    ...(given.group !== undefined && { group: given.group }),
    'insecure-tcp': given['insecure-tcp'] ?? false,
    tls: given.tls === true || given.tlsverify === true,
    tlsverify: given.tlsverify ?? false,
    tlscacert: given.tlscacert ?? `${defaultTlsDirectory}/ca.pem`,
    tlscert: given.tlscert ?? `${defaultTlsDirectory}/cert.pem`,
    tlskey: given.tlskey ?? `${defaultTlsDirectory}/key.pem`,
    tlscrl: given.tlscrl ?? '',
    'insecure-registries': given['insecure-registries'] ?? [],
    'token-servers': given['token-servers'] ?? [],
    'registry-timeout': given['registry-timeout'] ?? 60,
    'authorization-plugins': given['authorization-plugins'] ?? [],
    'metrics-addr': given['metrics-addr'] ?? '',
    'bridge-name': given['bridge-name'] ?? 'outboard0',
    'bridge-subnet': given['bridge-subnet'] ?? '10.87.0.0/24',
    dns: given.dns ?? [],
    'live-restore': given['live-restore'] ?? true,
    'restart-delay': given['restart-delay'] ?? 1,
    'restart-max-delay': given['restart-max-delay'] ?? 60,
    runtime: given.runtime ?? 'runc',
    'cgroup-driver': given['cgroup-driver'],
    'log-level': given['log-level'] ?? 'info',
    'log-format': given['log-format'],
    'log-plugins': given['log-plugins'] ?? true,
  };
}
