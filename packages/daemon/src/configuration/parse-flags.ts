/**
 * The flags of `outboard daemon`.
 */
import { type CgroupDriver, cgroupDrivers } from '@outboard/engine';
import { Command, InvalidArgumentError, Option } from 'commander';
import { formatFailure, type LogFormat, logFormats } from '../logging/log-format.ts';
import { logLevels } from '../logging/log-level.ts';
import { defaultConfigurationFile, type PartialConfiguration } from './configuration.ts';

/** What the command line says. */
export interface DaemonFlags {
  readonly configuration: PartialConfiguration;
  /** The configuration file that it names. */
  readonly configFile?: string;
}

interface ParsedOptions {
  readonly dataRoot?: string;
  readonly execRoot?: string;
  readonly host?: readonly string[];
  readonly group?: string;
  readonly insecureTcp?: true;
  readonly tls?: true;
  readonly tlsverify?: true;
  readonly tlscacert?: string;
  readonly tlscert?: string;
  readonly tlskey?: string;
  readonly tlscrl?: string;
  readonly insecureRegistry?: readonly string[];
  readonly tokenServer?: readonly string[];
  readonly registryTimeout?: number;
  readonly authorizationPlugin?: readonly string[];
  readonly metricsAddr?: string;
  readonly bridgeName?: string;
  readonly bridgeSubnet?: string;
  readonly dns?: readonly string[];
  readonly runtime?: string;
  readonly cgroupDriver?: CgroupDriver;
  readonly logLevel?: (typeof logLevels)[number];
  readonly logFormat?: LogFormat;
  /** Commander's default for a flag that begins with `--no-` is true. */
  readonly logPlugins: boolean;
  /** As above. */
  readonly liveRestore: boolean;
  readonly restartDelay?: number;
  readonly restartMaxDelay?: number;
  readonly config?: string;
}

/**
 * Parse the arguments after `daemon`.
 * @throws {CommanderError} after it has printed help or what is wrong; carries the exit code
 */
export function parseFlags(argv: readonly string[]): DaemonFlags {
  const options = daemonCommand().parse(argv, { from: 'user' }).opts<ParsedOptions>();
  const configuration = {
    'data-root': options.dataRoot,
    'exec-root': options.execRoot,
    hosts: options.host,
    group: options.group,
    'insecure-tcp': options.insecureTcp,
    tls: options.tls,
    tlsverify: options.tlsverify,
    tlscacert: options.tlscacert,
    tlscert: options.tlscert,
    tlskey: options.tlskey,
    tlscrl: options.tlscrl,
    'insecure-registries': options.insecureRegistry,
    'token-servers': options.tokenServer,
    'registry-timeout': options.registryTimeout,
    'authorization-plugins': options.authorizationPlugin,
    'metrics-addr': options.metricsAddr,
    'bridge-name': options.bridgeName,
    'bridge-subnet': options.bridgeSubnet,
    dns: options.dns,
    'live-restore': options.liveRestore ? undefined : false,
    'restart-delay': options.restartDelay,
    'restart-max-delay': options.restartMaxDelay,
    runtime: options.runtime,
    'cgroup-driver': options.cgroupDriver,
    'log-level': options.logLevel,
    'log-format': options.logFormat,
    'log-plugins': options.logPlugins ? undefined : false,
  };
  const given = Object.entries(configuration).filter(([, value]) => value !== undefined);
  return {
    configuration: Object.fromEntries(given),
    ...(options.config === undefined ? {} : { configFile: options.config }),
  };
}

function daemonCommand(): Command {
  return new Command('outboard daemon')
    .description('Serve the Docker Engine API for plugins.')
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({
      writeErr: (text) => void process.stderr.write(formatFailure(text.trimEnd(), process.env)),
    })
    .option(
      '--data-root <directory>',
      'where plugins and their content are kept (default: /var/lib/outboard)',
    )
    .option(
      '--exec-root <directory>',
      'where sockets and bundles of running plugins live (default: /run/outboard)',
    )
    .option(
      '-H, --host <address>',
      'listen on unix:///PATH or tcp://ADDRESS[:PORT]; repeatable (default: unix://<exec-root>/outboard.sock)',
      collect,
    )
    .option(
      '-G, --group <group>',
      'members of this group may use unix sockets; "" for root alone (default: outboard, if it exists)',
    )
    .option('--tlsverify', 'serve tcp:// hosts with TLS, and only clients with a certificate of --tlscacert')
    .option('--tlscacert <file>', 'authorities of client certificates (default: /etc/outboard/tls/ca.pem)')
    .option('--tlscert <file>', 'certificate of this daemon (default: /etc/outboard/tls/cert.pem)')
    .option('--tlskey <file>', 'key of that certificate (default: /etc/outboard/tls/key.pem)')
    .option('--tlscrl <file>', 'client certificates that were revoked (default: none)')
    .option('--tls', 'use TLS without asking clients for a certificate; needs --insecure-tcp')
    .option('--insecure-tcp', 'allow tcp:// hosts without --tlsverify, on loopback addresses only')
    .option(
      '--insecure-registry <host[:port]>',
      'speak to this registry in plain HTTP or with any certificate; repeatable',
      collect,
    )
    .option(
      '--token-server <registry=host>',
      'another host may see the credentials for this registry, as its token server; repeatable',
      collect,
    )
    .option(
      '--registry-timeout <seconds>',
      'fail when a registry sends or takes nothing for this long (default: 60)',
      parseTimeout,
    )
    .option(
      '--authorization-plugin <plugin>',
      'ask this plugin about every request and answer; repeatable, asked in the order given',
      collect,
    )
    .option('--metrics-addr <address:port>', 'serve Prometheus metrics there (default: nowhere)')
    .option('--bridge-name <name>', 'bridge of plugins that ask for one (default: outboard0)')
    .option('--bridge-subnet <address/bits>', 'IPv4 subnet of the bridge (default: 10.87.0.0/24)')
    .option(
      '--dns <address>',
      'name server of plugins on the bridge; repeatable (default: those of the host)',
      collect,
    )
    .option('--no-live-restore', 'stop plugins when the daemon is told to end')
    .option(
      '--restart-delay <seconds>',
      'pause before a plugin that failed is started again, doubled each time (default: 1)',
      parseDelay,
    )
    .option('--restart-max-delay <seconds>', 'bound on that pause (default: 60)', parseDelay)
    .option('--runtime <runtime>', 'OCI runtime: runc, crun or a path (default: runc)')
    .addOption(
      new Option(
        '--cgroup-driver <driver>',
        'who makes the cgroups of plugins (default: systemd where it runs the host)',
      ).choices(cgroupDrivers),
    )
    .addOption(new Option('--log-level <level>', 'least level to log (default: info)').choices(logLevels))
    .addOption(
      new Option(
        '--log-format <format>',
        'of the log (default: journald for the journal of systemd, text for a terminal, else json)',
      ).choices(logFormats),
    )
    .option('--no-log-plugins', 'leave what plugins write out of the log (outboard logs shows it)')
    .option('--config <file>', `configuration file (default: ${defaultConfigurationFile}, if it exists)`);
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

function parseDelay(text: string): number {
  const seconds = Number(text);
  // As in the configuration file.
  if (/^\d+(\.\d+)?$/.test(text) && seconds >= 0.1 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('it must be 0.1 to 86400 seconds.');
}

function parseTimeout(text: string): number {
  const seconds = Number(text);
  // As in the configuration file.
  if (/^\d+(\.\d+)?$/.test(text) && seconds >= 1 && seconds <= 3600) return seconds;
  throw new InvalidArgumentError('it must be 1 to 3600 seconds.');
}
