/**
 * Options of an engine, which a program sets when it opens one.
 */
import type { BridgeOptions, CgroupDriver } from '@outboard/container';
import type { RegistriesConfiguration, TrustedRealm } from '@outboard/oci';
import type { Logger } from 'pino';
import type { ValueSurroundings } from './config/value-source.ts';
import type { TransferLimitOptions } from './distribution/transfer-limits.ts';
import type { LegacyDirectories } from './drivers/legacy/legacy-directories.ts';
import type { EngineGateway } from './engine-gateway.ts';
import type { EngineObserver } from './observe/engine-observer.ts';
import type { PolicyFile } from './policy/open-signature-policy.ts';
import type { BackOff } from './supervise/back-off.ts';

/** Options of `openPluginEngine`. */
export interface PluginEngineOptions {
  /** Directory of plugins and their content, such as `/var/lib/outboard`. One engine at a time may use it. */
  readonly dataRoot: string;
  /** Directory of sockets and bundles of running plugins, such as `/run/outboard`. */
  readonly execRoot: string;
  /** Addresses of this program, named in the error of another program that opens the same data root; default none. */
  readonly hosts?: readonly string[] | undefined;
  /** `runc` (default), `crun`, or the path of an OCI runtime. */
  readonly runtime?: string | undefined;
  /** Creator of the cgroups; default systemd on hosts that it runs, else the OCI runtime (`cgroupfs`). */
  readonly cgroupDriver?: CgroupDriver | undefined;
  /**
   * Mirrors, blocked and insecure hosts, certificates, token servers and proxies of registries: a value, or a function whose
   * result may change between operations. Default: made of the next two options.
   */
  readonly registries?: RegistriesConfiguration | (() => RegistriesConfiguration) | undefined;
  /** Registries that may be reached over plain HTTP or with any certificate: `HOST[:PORT]` or CIDR. */
  readonly insecureRegistries?: readonly string[] | undefined;
  /** Token servers on other hosts that may see a registry's credentials; Docker Hub's and GitLab.com's are built in. */
  readonly trustedRealms?: readonly TrustedRealm[] | undefined;
  /** Seconds without traffic to or from a registry after which an operation fails; default 60. */
  readonly registryTimeoutSeconds?: number | undefined;
  /** Limits of transfers from and to registries. */
  readonly limits?: TransferLimitOptions | undefined;
  /** `User-Agent` of requests to registries; default `outboard`. */
  readonly userAgent?: string | undefined;
  /** Policy that says which plugins must be signed, and by whom; default none: every plugin is accepted. */
  readonly signaturePolicy?: PolicyFile | undefined;
  /** Offers the plugins to other engines; default none. */
  readonly gateway?: EngineGateway | undefined;
  /** Directories of legacy plugins; default Docker's. */
  readonly legacyDirectories?: LegacyDirectories | undefined;
  /** Socket with metrics of this program, for plugins that collect them; default none. */
  readonly metricsSocket?: MetricsSocket | undefined;
  /**
   * The directory in which a Docker Engine on this host makes the FIFOs of log drivers, `/run/docker/logging`. With it, log
   * drivers can be shown FIFOs of that engine. Default none.
   */
  readonly logDirectory?: string | undefined;
  /** True: plugins keep running when the engine is closed, and the next engine takes them over. Default true. */
  readonly liveRestore?: boolean | undefined;
  /** Pauses before a plugin that failed is restarted; default 1 s, doubled up to 60 s. */
  readonly backOff?: Partial<BackOff> | undefined;
  /** The credentials and the environment that values of settings can come from; default none. */
  readonly valueSurroundings?: ValueSurroundings | undefined;
  /** The network of plugins that ask for `bridge`. */
  readonly bridge?: BridgeOptions | undefined;
  /** Receives the measurements of operations; default none. */
  readonly observer?: EngineObserver | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
}

/** A unix socket that serves metrics. The program that made it closes it. */
export interface MetricsSocket {
  readonly path: string;
  /** Listen. Called once, after the data root is locked and before any plugin is started: plugins mount the socket. */
  listen(): Promise<void>;
}
