/**
 * Looks up on the host what the settings of one plugin name: sources of mounts and devices.
 */
import { lstat, realpath, stat } from 'node:fs/promises';
import type { PluginDevice, PluginMount, PluginSettings } from '../config/plugin-config.ts';
import { errorCode } from '../linux/libc.ts';
import { resolveDevices } from '../runtime/spec/devices.ts';

/** What lies at the source of a mount. */
export type SourceFact =
  /** With the path that is left when links are followed. */
  | { readonly kind: 'present'; readonly realPath: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'dangling-link' }
  /** Something above it is no directory, or may not be looked into. */
  | { readonly kind: 'unreachable'; readonly reason: string };

const answerMs = 5_000;

/** What the settings name, as the host has it. */
export interface PluginNeeds {
  readonly sources: ReadonlyMap<string, SourceFact>;
  /** Why a device cannot be used; those that can are not in it. */
  readonly deviceProblems: ReadonlyMap<PluginDevice, string>;
}

/** Look; nothing is changed. Every path is looked at once. */
export async function readPluginNeeds({ mounts, devices }: PluginSettings): Promise<PluginNeeds> {
  const onHost = mounts.filter(({ type }) => type !== 'tmpfs');
  const paths = new Set(onHost.map(({ source }) => source).filter(isPath));
  const sources = new Map<string, SourceFact>();
  for (const path of paths) sources.set(path, await inTime(path));
  const deviceProblems = new Map<PluginDevice, string>();
  for (const device of devices) {
    const problem = await deviceProblem(device);
    if (problem !== undefined) deviceProblems.set(device, problem);
  }
  return { sources, deviceProblems };
}

function isPath(source: PluginMount['source']): source is string {
  return source?.startsWith('/') === true && !source.includes('\0');
}

/** A file system whose server is gone (NFS, FUSE) answers never; that must not keep the plugin's queue for ever. */
async function inTime(path: string): Promise<SourceFact> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<SourceFact>((resolve) => {
    const reason = `its file system does not answer within ${answerMs} ms`;
    timer = setTimeout(() => resolve({ kind: 'unreachable', reason }), answerMs);
  });
  try {
    return await Promise.race([readSource(path), timeUp]);
  } finally {
    clearTimeout(timer);
  }
}

async function readSource(path: string): Promise<SourceFact> {
  try {
    await stat(path);
    return { kind: 'present', realPath: await realpath(path) };
  } catch (error) {
    if (errorCode(error) === 'ENOENT')
      return (await isLink(path)) ? { kind: 'dangling-link' } : { kind: 'missing' };
    return { kind: 'unreachable', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch {
    // What cannot be looked at is missing, as the caller found already.
    return false;
  }
}

async function deviceProblem(device: PluginDevice): Promise<string | undefined> {
  try {
    await resolveDevices([device], lstat);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
