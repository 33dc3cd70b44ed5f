/**
 * `outboard dev`
 */
import type { Project } from '@outboard/authoring';
import { findPlugin } from '../client/build-api.ts';
import { CommandError, messageOf } from '../command-error.ts';
import { parseLocalName } from '../references/remote-reference.ts';
import { escapeLines } from '../terminal/escape-text.ts';
import { buildOptions, type ProjectFlags, readProjectOf } from './build.ts';
import { openBuildRegistries } from './build-registries.ts';
import type { CommandContext } from './command-context.ts';
import { ConsentError, DevSession } from './dev-session.ts';

/** Flags of `outboard dev`. */
export interface DevOptions extends ProjectFlags {
  readonly tag?: string | undefined;
  readonly grantAllPermissions?: boolean | undefined;
  readonly keep?: boolean | undefined;
}

/**
 * Develop a plugin until Ctrl-C.
 * @param directory default the working directory
 * @throws {CommandError} when the plugin has no name, or its privileges are refused
 */
export async function dev(
  context: CommandContext,
  directory: string | undefined,
  options: DevOptions,
): Promise<void> {
  const { buildPlugin, developProject } = await import('@outboard/authoring');
  const { client, host, signal } = context;
  const project = await readProjectOf(directory, options);
  const name = nameOf(project, options);
  await using registries = await openBuildRegistries(context, options);
  const before = await findPlugin(client, name);
  const session = new DevSession(context, name, { before, grantsAll: options.grantAllPermissions === true });
  const settings = buildOptions(context, registries, options);
  try {
    await developProject({
      project,
      signal,
      onError: (error) => {
        if (error instanceof ConsentError) throw error;
        host.stderr.write(`${escapeLines(messageOf(error))}\n`);
      },
      round: async (changed) => {
        if (changed.length > 0) session.say(`building again: ${summary(changed)}`);
        // The description may be what changed.
        const current = changed.length > 0 ? await readProjectOf(directory, options) : project;
        await using plugin = await buildPlugin({ ...settings, project: current });
        await session.replace(plugin);
      },
    });
  } finally {
    await session.end({ keep: options.keep === true });
  }
}

function nameOf(project: Project, { tag }: DevOptions): string {
  const name = tag ?? project.description.name;
  if (name !== undefined) return parseLocalName(name);
  throw new CommandError('dev: the project has no "name" under which to create the plugin: want --tag NAME', {
    exitCode: 125,
  });
}

function summary(paths: readonly string[]): string {
  const shown = paths.slice(0, 3).join(', ');
  return paths.length > 3 ? `${shown} and ${paths.length - 3} more changed` : `${shown} changed`;
}
