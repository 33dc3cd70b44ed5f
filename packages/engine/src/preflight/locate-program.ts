/**
 * Locates the program of a plugin's entrypoint in its root filesystem, as the OCI runtime does. No content is read.
 */
import { closeSync, fstatSync } from 'node:fs';
import {
  cleanAbsolutePath,
  isAtOrBelow,
  openInRoot,
  programCandidates,
  type WalkEnd,
  walkInRoot,
  withoutVarRun,
} from '@outboard/container';
import { isOutboardError } from '@outboard/oci';
import type { PluginConfig, PluginSettings } from '../config/plugin-config.ts';

/** Result of the search for a program. */
export type LocatedProgram =
  | { readonly kind: 'found'; readonly place: string }
  /** It may be in a mount. */
  | { readonly kind: 'unknown' }
  /** Paths in the root filesystem where it was searched for. */
  | { readonly kind: 'missing'; readonly places: readonly string[] }
  | { readonly kind: 'not-executable'; readonly place: string };

/** A plugin with its unpacked root filesystem. */
export interface UnpackedPlugin {
  readonly config: PluginConfig;
  readonly settings: PluginSettings;
  /** Path of the root filesystem, which nothing changes meanwhile. */
  readonly rootfs: string;
}

/**
 * Locate the program that an entrypoint names first.
 * @param root a handle on the root filesystem
 * @throws {OutboardError} system when the disk fails
 */
export function locateProgram(root: number, plugin: UnpackedPlugin): LocatedProgram {
  const { config, settings } = plugin;
  const workDir = cleanAbsolutePath(config.workDir) ?? '/';
  const places = programCandidates({ name: config.entrypoint?.[0] ?? '', workDir, env: settings.env });
  let unexecutable: string | undefined;
  for (const place of places) {
    const kind = examineProgram(root, place, plugin);
    if (kind === 'found') return { kind, place };
    if (kind === 'unknown') return { kind };
    if (kind === 'not-executable') unexecutable ??= place;
  }
  if (unexecutable !== undefined) return { kind: 'not-executable', place: unexecutable };
  return { kind: 'missing', places };
}

/**
 * Look at one path where a program is expected.
 * @param root a handle on the root filesystem
 * @throws {OutboardError} system when the disk fails
 */
export function examineProgram(root: number, place: string, plugin: UnpackedPlugin): LocatedProgram['kind'] {
  let walk: WalkEnd;
  try {
    walk = walkInRoot(root, place);
  } catch (error) {
    // The path leads through a file, or into a loop of links.
    if (isOutboardError(error, 'invalid')) return 'missing';
    throw error;
  }
  if (walk.end === 'mount' || isCovered(walk.path, plugin)) return 'unknown';
  if (walk.end === 'absent') return 'missing';
  if (walk.end === 'directory') return 'not-executable';
  const handle = openInRoot(root, walk.path.split('/').slice(1));
  if (handle === undefined) return 'missing';
  try {
    const status = fstatSync(handle);
    return status.isFile() && (status.mode & 0o111) !== 0 ? 'found' : 'not-executable';
  } finally {
    closeSync(handle);
  }
}

/** True when a mount covers the path. */
function isCovered(path: string, { config, settings }: UnpackedPlugin): boolean {
  const destinations = settings.mounts.map(({ destination }) => destination);
  return ['/dev', '/proc', '/sys', '/run', '/tmp', config.propagatedMount, ...destinations]
    .map((destination) => cleanAbsolutePath(destination))
    .some((place) => place !== undefined && isAtOrBelow(withoutVarRun(path), withoutVarRun(place)));
}
