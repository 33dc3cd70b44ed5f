/**
 * Builds a plugin of a project: its config and its root filesystem, in memory until it is written.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cancellable } from '@outboard/async';
import { type ParsedPluginConfig, parsePluginConfig } from '@outboard/engine';
import { hostPlatform, isOutboardError, OutboardError, type Platform } from '@outboard/oci';
import { fillTree } from './fill-tree.ts';
import { type Project, projectPath } from './project/project.ts';
import { runBuildCommand } from './project/run-build-command.ts';
import { pathOf, RootTree } from './tree/root-tree.ts';

/** Request of a build. */
export interface BuildRequest extends Cancellable {
  readonly project: Project;
  /** Default: that of this host. */
  readonly platform?: Platform | undefined;
  /** Program of Node.js that an npm package runs with; default: the one that runs this. */
  readonly node?: string | undefined;
  /** Time of every file that comes from this machine, in seconds since the epoch; default 0, so that builds are equal. */
  readonly modifiedAt?: number | undefined;
  /** Receives the output of the project's build command. */
  readonly onOutput?: ((bytes: Buffer) => void) | undefined;
  /** Receives one line for what was left out. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** A plugin that was built and not yet written. Its files are read from the project when it is. */
export interface BuiltPlugin {
  readonly platform: Platform;
  /** `config.json` as its author wrote it. */
  readonly configBytes: Buffer;
  readonly config: ParsedPluginConfig['config'];
  readonly tree: RootTree;
}

/**
 * Build a plugin for one platform.
 * @throws {OutboardError} invalid or not-found, naming the file or key and what would be right
 */
export async function buildPlugin(request: BuildRequest): Promise<BuiltPlugin> {
  const { project, platform = hostPlatform(), signal } = request;
  await runBuildCommand(project, { platform, signal, onOutput: request.onOutput ?? (() => {}) });
  const configBytes = await readConfig(project);
  const { config } = parsePluginConfig(configBytes);
  const tree = new RootTree();
  await fillTree(tree, project, {
    platform,
    node: request.node ?? process.execPath,
    entrypoint: config.entrypoint?.[0],
    hasBase: false,
    files: {
      modifiedAt: request.modifiedAt ?? 0,
      owners: 'root',
      onSkip: request.onWarning,
    },
  });
  // A read-only root filesystem cannot get its mount point later.
  if (config.propagatedMount !== '') tree.makeDirectory(pathOf(config.propagatedMount));
  return { platform, configBytes, config, tree };
}

async function readConfig(project: Project): Promise<Buffer> {
  const name = project.description.config ?? 'config.json';
  const file = projectPath(project, name);
  const bytes = await readFile(file).catch((cause: Error) => {
    throw new OutboardError('invalid', `cannot read the plugin's config: ${cause.message}`, { cause });
  });
  try {
    parsePluginConfig(bytes);
  } catch (cause) {
    if (!isOutboardError(cause)) throw cause;
    throw new OutboardError('invalid', `"${join(project.directory, name)}": ${cause.message}`, { cause });
  }
  return bytes;
}
