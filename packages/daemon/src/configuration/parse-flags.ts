/**
 * The flags of `outboard daemon`.
 */
import { Command, Option } from 'commander';
import { defaultConfigurationFile, logLevels, type PartialConfiguration } from './configuration.ts';

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
  readonly insecureTcp?: true;
  readonly insecureRegistry?: readonly string[];
  readonly runtime?: string;
  readonly logLevel?: (typeof logLevels)[number];
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
    'insecure-tcp': options.insecureTcp,
    'insecure-registries': options.insecureRegistry,
    runtime: options.runtime,
    'log-level': options.logLevel,
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
    .option(
      '--data-root <directory>',
      'where plugins and their content are kept (default: /var/lib/outboard)',
    )
    .option(
      '--exec-root <directory>',
      'where sockets and bundles of running plugins live (default: /run/outboard)',
    )
    .option(
      '--host <address>',
      'listen on unix:///PATH or tcp://127.0.0.1:PORT; repeatable (default: unix://<exec-root>/outboard.sock)',
      collect,
    )
    .option('--insecure-tcp', 'allow tcp:// hosts, without TLS, on loopback addresses only')
    .option(
      '--insecure-registry <host[:port]>',
      'speak to this registry in plain HTTP or with any certificate; repeatable',
      collect,
    )
    .option('--runtime <runtime>', 'OCI runtime: runc, crun or a path (default: runc)')
    .addOption(new Option('--log-level <level>', 'least level to log (default: info)').choices(logLevels))
    .option('--config <file>', `configuration file (default: ${defaultConfigurationFile}, if it exists)`);
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
