/**
 * `outboard build`
 */
import type { BuiltPlugin, Project, Registries } from '@outboard/authoring';
import { CommandError } from '../command-error.ts';
import { escapeText } from '../terminal/escape-text.ts';
import { openBuildRegistries } from './build-registries.ts';
import type { CommandContext } from './command-context.ts';
import type { RegistryFlags } from './registry-flags.ts';
import { storeBuild } from './store-build.ts';

/** Flags of `outboard build` that say how. */
export interface ProjectFlags extends RegistryFlags {
  readonly base?: string | undefined;
  readonly config?: string | undefined;
  readonly program?: string | undefined;
  readonly node?: string | undefined;
}

/** Flags of `outboard build`. */
export interface BuildOptions extends ProjectFlags {
  readonly output?: string | undefined;
  readonly tag?: string | undefined;
  readonly push?: string | undefined;
  /** Platforms between commas. */
  readonly platform?: string | undefined;
  readonly force?: boolean | undefined;
}

/** Where builds go. */
interface Destinations {
  readonly output: string | undefined;
  readonly tag: string | undefined;
  readonly push: string | undefined;
}

/**
 * Build a plugin of a project: write it, create or replace it in the daemon, push it. Without a destination it is created
 * under the name that the project gives.
 * @param directory default the working directory
 * @throws {CommandError} exit code 125 when flags do not fit together
 */
export async function build(
  context: CommandContext,
  directory: string | undefined,
  options: BuildOptions,
): Promise<void> {
  const { buildPlugin, openPush, parsePushReference } = await import('@outboard/authoring');
  const project = await readProjectOf(directory, options);
  const destinations = destinationsOf(project, options);
  const platforms = await platformsOf(options, destinations);
  if (destinations.push !== undefined) parsePushReference(destinations.push);
  const { signal } = context;
  await using registries = await openBuildRegistries(context, options);
  const push =
    destinations.push === undefined
      ? undefined
      : await openPush({ reference: destinations.push, registries, signal });
  for (const platform of platforms) {
    await using plugin = await buildPlugin({
      ...buildOptions(context, registries, options),
      project,
      platform,
    });
    await writeOutput(context, plugin, destinations, platforms.length > 1);
    if (destinations.tag !== undefined)
      await storeBuild(context, destinations.tag, plugin, { force: options.force });
    await push?.push(plugin);
  }
  if (push !== undefined) context.host.stdout.write(`${destinations.push}: digest: ${await push.finish()}\n`);
}

/** Read a project, with the flags in place of its keys. */
export async function readProjectOf(directory: string | undefined, options: ProjectFlags): Promise<Project> {
  const { readProject } = await import('@outboard/authoring');
  const { base, config, program } = options;
  return await readProject(directory ?? '.', {
    ...(base === undefined ? {} : { base }),
    ...(config === undefined ? {} : { config }),
    ...(program === undefined ? {} : { program }),
  });
}

/** Options of each build: where its output goes, and the time of its files. */
export function buildOptions(
  { host, signal }: CommandContext,
  registries: Registries,
  options: ProjectFlags,
) {
  return {
    node: options.node,
    modifiedAt: sourceDate(host.env.SOURCE_DATE_EPOCH),
    registries,
    signal,
    onOutput: (bytes: Buffer) => void host.stderr.write(bytes),
    onWarning: (message: string) => void host.stderr.write(`warning: ${escapeText(message)}\n`),
  };
}

/** @see https://reproducible-builds.org/specs/source-date-epoch/ */
function sourceDate(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,11}$/.test(text)) return Number(text);
  throw new CommandError(`SOURCE_DATE_EPOCH is "${text}": want seconds since 1970`, { exitCode: 125 });
}

function destinationsOf(project: Project, { output, tag, push }: BuildOptions): Destinations {
  if (output !== undefined || tag !== undefined || push !== undefined) return { output, tag, push };
  const { name } = project.description;
  if (name !== undefined) return { output, tag: name, push };
  throw wrongUse(
    'the project has no "name" under which to create the plugin: want --tag NAME, --output DIRECTORY or --push REFERENCE',
  );
}

async function platformsOf({ platform }: BuildOptions, { tag }: Destinations) {
  const { isHostPlatform, parsePlatform } = await import('@outboard/authoring');
  if (platform === undefined) return [undefined];
  const platforms = [...new Set(platform.split(','))].map(parsePlatform);
  const foreign = platforms.find((each) => !isHostPlatform(each));
  if (tag === undefined || foreign === undefined) return platforms;
  const text = `${foreign.os}/${foreign.architecture}`;
  throw wrongUse(`a plugin for ${text} cannot be created on this host: want --output or --push`);
}

async function writeOutput(
  { host, signal }: CommandContext,
  plugin: BuiltPlugin,
  { output }: Destinations,
  isOneOfSeveral: boolean,
): Promise<void> {
  if (output === undefined) return;
  const { platformDirectory, writePlugin } = await import('@outboard/authoring');
  const directory = isOneOfSeveral ? `${output}/${platformDirectory(plugin.platform)}` : output;
  const { owners, devices, attributes, warnings } = await writePlugin(plugin, directory, { signal });
  const warn = (text: string) => host.stderr.write(`warning: ${text}\n`);
  // Those about the config alone were shown before.
  for (const warning of warnings) if (warning.includes('rootfs')) warn(escapeText(warning));
  if (owners > 0)
    warn(
      `${owners} entries of other owners than root belong to you in "${escapeText(directory)}": build as root, or with --tag or --push, which keep them`,
    );
  if (devices > 0) warn(`left out ${devices} devices: only root can make them`);
  if (attributes > 0) warn(`${attributes} files lack their capabilities: only --tag and --push keep them`);
  host.stdout.write(`${escapeText(directory)}\n`);
}

function wrongUse(reason: string): CommandError {
  return new CommandError(`build: ${reason}`, { exitCode: 125 });
}
