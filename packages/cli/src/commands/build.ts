/**
 * `outboard build`
 */
import type { BuiltPlugin, LostProperties } from '@outboard/authoring';
import { CommandError } from '../command-error.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';

/** Flags of `outboard build`. */
export interface BuildOptions {
  readonly output?: string | undefined;
  readonly config?: string | undefined;
  readonly program?: string | undefined;
  readonly node?: string | undefined;
}

/**
 * Build a plugin of a project.
 * @param directory default the working directory
 * @throws {CommandError} exit code 125 when no output is named
 */
export async function build(
  context: CommandContext,
  directory: string | undefined,
  options: BuildOptions,
): Promise<void> {
  const { host, signal } = context;
  const { output } = options;
  if (output === undefined) throw new CommandError('build: want --output DIRECTORY', { exitCode: 125 });
  const { buildPlugin, readProject, writePlugin } = await import('@outboard/authoring');
  const { config, program } = options;
  const project = await readProject(directory ?? '.', {
    ...(config === undefined ? {} : { config }),
    ...(program === undefined ? {} : { program }),
  });
  const plugin: BuiltPlugin = await buildPlugin({
    project,
    node: options.node,
    signal,
    onOutput: (bytes) => void host.stderr.write(bytes),
    onWarning: (message) => void host.stderr.write(`warning: ${escapeText(message)}\n`),
  });
  warnOfLoss(context, await writePlugin(plugin, output, { signal }));
  host.stdout.write(`${escapeText(output)}\n`);
}

function warnOfLoss({ host }: CommandContext, { owners, devices }: LostProperties): void {
  if (owners > 0) {
    host.stderr.write(
      `warning: ${owners} entries of other owners than root are owned by you: build as root to keep them\n`,
    );
  }
  if (devices > 0) host.stderr.write(`warning: left out ${devices} devices: only root can make them\n`);
}
