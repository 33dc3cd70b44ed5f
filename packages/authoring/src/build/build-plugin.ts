/**
 * Builds a plugin of a project: its config and its root filesystem, in memory until it is written.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cancellable } from '@outboard/async';
import {
  computePrivileges,
  type ParsedPluginConfig,
  type Privilege,
  parsePluginConfig,
} from '@outboard/engine';
import { hostPlatform, isOutboardError, OutboardError, type Platform } from '@outboard/oci';
import { readBase } from './base/add-base.ts';
import type { RegistryOptions } from './base/registry-image.ts';
import { openSpool, type Spool } from './base/spool.ts';
import { fillTree } from './fill-tree.ts';
import { judgeConfig } from './judge-plugin.ts';
import { forPlatform } from './project/placeholders.ts';
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
  /** Where a base that is a reference comes from; without it such a base is refused. */
  readonly registries?: RegistryOptions | undefined;
}

/**
 * A plugin that was built and not yet written. Its files are read from the project when it is. Disposing it deletes its
 * temporary files.
 */
export interface BuiltPlugin extends AsyncDisposable {
  readonly platform: Platform;
  /** `config.json` as its author wrote it. */
  readonly configBytes: Buffer;
  readonly config: ParsedPluginConfig['config'];
  readonly tree: RootTree;
  /** The privileges that its config requests. */
  readonly privileges: readonly Privilege[];
  readonly temporaryDirectory: string;
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
  for (const warning of await judgeConfig(configBytes)) request.onWarning?.(warning);
  const spool = await openSpool();
  try {
    const tree = await makeTree(request, { platform, spool, entrypoint: config.entrypoint?.[0] });
    // A read-only root filesystem cannot get its mount point later.
    if (config.propagatedMount !== '') tree.makeDirectory(pathOf(config.propagatedMount));
    return {
      platform,
      configBytes,
      config,
      privileges: computePrivileges(config),
      tree,
      temporaryDirectory: spool.directory,
      [Symbol.asyncDispose]: () => spool[Symbol.asyncDispose](),
    };
  } catch (error) {
    await spool[Symbol.asyncDispose]();
    throw error;
  }
}

async function makeTree(
  request: BuildRequest,
  parts: { readonly platform: Platform; readonly spool: Spool; readonly entrypoint: string | undefined },
): Promise<RootTree> {
  const { project, modifiedAt = 0, signal, onWarning = () => {} } = request;
  const { platform, spool, entrypoint } = parts;
  const base = project.description.base ?? ((await isPlainPlugin(project)) ? './rootfs' : undefined);
  const tree =
    base === undefined
      ? new RootTree()
      : await readBase(forPlatform(base, platform), spool, {
          directory: project.directory,
          registries: request.registries ?? noRegistries,
          platform,
          modifiedAt,
          onWarning,
          signal,
        });
  await fillTree(tree, project, {
    platform,
    node: request.node ?? process.execPath,
    entrypoint,
    hasBase: base !== undefined,
    files: { modifiedAt, owners: 'root', onSkip: onWarning },
  });
  return tree;
}

const noRegistries: RegistryOptions = {
  client: () => {
    throw new OutboardError('invalid', 'the base is a reference, and this build was given no registries');
  },
  accessTo: () => Promise.resolve({}),
  onProgress: () => {},
};

/** True for `config.json` beside `rootfs/`, as `create` takes it. */
async function isPlainPlugin({ directory, isPackage, description }: Project): Promise<boolean> {
  if (isPackage || description.program !== undefined || description.runtime !== undefined) return false;
  const stats = await stat(join(directory, 'rootfs')).catch(() => undefined);
  return stats?.isDirectory() === true;
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
