/**
 * Tells a plugin for another processor architecture from one that runs here. The config of a plugin does not name its
 * architecture, so its program does: the ELF header of the entrypoint, or of the interpreter of a script.
 */
import {
  cleanAbsolutePath,
  hostMounts,
  type MountEntry,
  readFileInRoot,
  readProgramArchitecture,
} from '@outboard/container';
import { compatiblePlatforms, hostPlatform, OutboardError, parsePlatform } from '@outboard/oci';
import { type Emulator, readEmulators } from './emulators.ts';
import type { UnpackedPlugin } from './locate-program.ts';

/** The architecture of a plugin's program. @returns undefined when it does not tell, as a program in a mount */
export function readArchitecture({ rootfs, config, settings }: UnpackedPlugin): Promise<string | undefined> {
  return readProgramArchitecture(rootfs, {
    name: config.entrypoint?.[0] ?? '',
    workDir: cleanAbsolutePath(config.workDir) ?? '/',
    env: settings.env,
  });
}

/** A program that the processor of this host does not run, and no emulator either. */
export interface ForeignProgram {
  readonly architecture: string;
  readonly host: string;
  /** False when this process cannot see the emulators, so that the kernel may run the program all the same. */
  readonly isCertain: boolean;
}

/**
 * Look for the reason why this host cannot run a plugin.
 * @param plugin its root filesystem may be that of a disabled plugin
 * @param mounts mount table of this process
 * @returns undefined when the host runs it, or when its program does not tell its architecture
 */
export async function findForeignProgram(
  plugin: UnpackedPlugin,
  mounts: readonly MountEntry[],
): Promise<ForeignProgram | undefined> {
  const architecture = await readArchitecture(plugin);
  const host = hostPlatform();
  if (architecture === undefined || architecturesOf(host).has(architecture)) return undefined;
  const emulators = await readEmulators(mounts);
  for (const emulator of emulators ?? []) {
    if (emulator.architecture === architecture && (await isReachable(emulator, plugin.rootfs)))
      return undefined;
  }
  return { architecture, host: host.architecture, isCertain: emulators !== undefined };
}

/**
 * Refuse a plugin that was not made for the platform on which it is to run.
 * @param asked platform that the operator named, in the form of `parsePlatform`; default: this host's
 * @throws {OutboardError} invalid, code `other-platform`
 */
export async function requireArchitecture(plugin: UnpackedPlugin, asked: string | undefined): Promise<void> {
  if (asked !== undefined) {
    const architecture = await readArchitecture(plugin);
    if (architecture === undefined || architecturesOf(parsePlatform(asked)).has(architecture)) return;
    throw otherPlatform(`its program is built for ${architecture}, and ${asked} was asked for`);
  }
  const foreign = await findForeignProgram(plugin, await hostMounts.read());
  if (foreign === undefined) return;
  const { architecture, host } = foreign;
  throw otherPlatform(
    `its program is built for ${architecture}, and this host is ${host}: want a build for ${host}, ` +
      `or --platform linux/${architecture} to install this one all the same`,
  );
}

function architecturesOf(platform: Parameters<typeof compatiblePlatforms>[0]): ReadonlySet<string> {
  return new Set(compatiblePlatforms(platform).map(({ architecture }) => architecture));
}

async function isReachable({ isHeld, interpreter }: Emulator, rootfs: string): Promise<boolean> {
  return isHeld || (await readFileInRoot(rootfs, interpreter, 1)) !== undefined;
}

function otherPlatform(reason: string): OutboardError {
  return new OutboardError('invalid', `the plugin is for another platform: ${reason}`, {
    code: 'other-platform',
  });
}
