/**
 * The flags of `outboard daemon`, derived from the table of settings.
 */
import { Command, Help, Option } from 'commander';
import { ownVersion } from '../installation.ts';
import { formatFailure } from '../logging/log-format.ts';
import { defaultConfigurationFile, type PartialConfiguration } from './configuration.ts';
import type { Setting } from './setting-rows.ts';
import { settingKeys, settings } from './settings.ts';

/** Settings and file of the command line. */
export interface DaemonFlags {
  readonly configuration: PartialConfiguration;
  /** The configuration file of `--config`. */
  readonly configFile?: string | undefined;
}

/**
 * Parse the arguments after `daemon`.
 * @throws {CommanderError} after it has printed the help or the error; has the exit code
 */
export function parseFlags(argv: readonly string[]): DaemonFlags {
  const options = settingKeys.map((key) => ({ key, option: createOption(settings[key]) }));
  const command = createDaemonCommand(options.map(({ option }) => option));
  const parsed: Readonly<Record<string, unknown>> = command.parse(argv, { from: 'user' }).opts();
  const [word] = command.args;
  if (word !== undefined) {
    command.error(
      `error: unexpected argument '${word}': only options are expected here, and "doctor" or "reload" before them`,
    );
  }
  const given = options
    .map(({ key, option }) => [key, parsed[option.attributeName()], option.negate] as const)
    // Commander sets a flag that begins with `--no-` to true when it is absent.
    .filter(([, value, isNegated]) => value !== undefined && !(isNegated && value === true))
    .map(([key, value]) => [key, value] as const);
  return {
    // Each value was parsed by the kind of its own row.
    configuration: Object.fromEntries(given) as PartialConfiguration,
    configFile: typeof parsed.config === 'string' ? parsed.config : undefined,
  };
}

/**
 * The command line of the daemon, for its help, its manual and completions.
 * @param options one for each setting
 */
export function createDaemonCommand(
  options: readonly Option[] = settingKeys.map((key) => createOption(settings[key])),
): Command {
  const command = new Command('outboard daemon')
    .description('Serve the Docker Engine API for plugins.')
    .usage('[OPTIONS]')
    // Refused by parseFlags(), which names the words that are possible.
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({ outputError: (text) => writeError(text, command) });
  for (const option of options) command.addOption(option);
  return command
    .option('--config <file>', `configuration file (default: ${defaultConfigurationFile}, if it exists)`)
    .version(`outboard version ${ownVersion()}`, '-v, --version', 'print the version, and exit');
}

function writeError(text: string, command: Command): void {
  const usage = `Usage: ${new Help().commandUsage(command)}`;
  const more = `Run 'outboard daemon --help' for more information`;
  process.stderr.write(formatFailure(`${text}\n${usage}\n\n${more}`, process.env));
}

function createOption(row: Setting<unknown>): Option {
  const { kind, flag, help } = row;
  const defaultText = describeDefault(row);
  const option = new Option(flag, defaultText === undefined ? help : `${help} (default: ${defaultText})`);
  if (kind.choices !== undefined) option.choices(kind.choices);
  else if (kind.parseArgument !== undefined) option.argParser(kind.parseArgument);
  return option;
}

/** Absent for flags without an argument and for empty lists, whose default goes without saying. */
function describeDefault({ default: value, defaultText }: Setting<unknown>): string | undefined {
  if (defaultText !== undefined) return defaultText;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
