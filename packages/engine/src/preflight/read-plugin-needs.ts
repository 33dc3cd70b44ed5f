/**
 * Looks up on the host what the settings of one plugin name: sources of mounts and devices.
 */
import { closeSync } from 'node:fs';
import {
  createFileSystemProbe,
  type FileSystemProbe,
  openRoot,
  type WalkEnd,
  walkInRoot,
} from '@outboard/container';
import { isOutboardError } from '@outboard/oci';
import { mountKind } from '../config/mount-rules.ts';
import type { PluginDevice, PluginMount } from '../config/plugin-config.ts';
import { resolveDevices } from '../spec/devices.ts';
import { findMissingHostFiles } from './host-files.ts';
import type { UnpackedPlugin } from './locate-program.ts';
import { findProgramFlaws } from './program-flaws.ts';

/** What lies at the source of a mount. */
export type SourceFact =
  /** With the path that is left when links are followed. */
  | { readonly kind: 'present'; readonly realPath: string; readonly isDirectory: boolean }
  | { readonly kind: 'missing' }
  | { readonly kind: 'dangling-link' }
  /** Something above it is no directory, or may not be looked into; or it does not answer. */
  | { readonly kind: 'unreachable'; readonly reason: string };

/** How many paths are looked at at a time. */
const lookers = 4;

/** What the settings name, as the host has it. */
export interface PluginNeeds {
  readonly sources: ReadonlyMap<string, SourceFact>;
  /** Why a device cannot be used; those that can are not in it. */
  readonly deviceProblems: ReadonlyMap<PluginDevice, string>;
  /** What the root filesystem has where something is mounted; destinations that lead nowhere are not in it. */
  readonly destinations: ReadonlyMap<string, WalkEnd['end']>;
  /** Why the program of its entrypoint cannot be run; at most one line. */
  readonly programFlaws: readonly string[];
  /** Files that every plugin with this network gets, and that the host does not have. */
  readonly missingHostFiles: readonly string[];
}

const typeBits = 0o170000; // S_IFMT
const directoryType = 0o040000; // S_IFDIR

/** Look; nothing is changed. A file system that does not answer holds up no one else. @throws the signal's reason */
export async function readPluginNeeds(plugin: UnpackedPlugin, signal?: AbortSignal): Promise<PluginNeeds> {
  const { config, settings, rootfs } = plugin;
  const { mounts, devices } = settings;
  const probe = createFileSystemProbe({ signal });
  const onHost = mounts.filter((mount) => mountKind(mount) !== 'tmpfs');
  const paths = new Set(onHost.map(({ source }) => source).filter(isPath));
  const sources = new Map<string, SourceFact>();
  const deviceProblems = new Map<PluginDevice, string>();
  const looks = [
    ...[...paths].map((path) => async () => {
      sources.set(path, await readSource(path, probe));
    }),
    ...devices.map((device) => async () => {
      const problem = await deviceProblem(device, probe, signal);
      if (problem !== undefined) deviceProblems.set(device, problem);
    }),
  ].values();
  const lookOn = async () => {
    for (const look of looks) await look();
  };
  const [missingHostFiles] = await Promise.all([
    findMissingHostFiles(config, probe),
    ...Array.from({ length: lookers }, lookOn),
  ]);
  return {
    sources,
    deviceProblems,
    destinations: readDestinations(rootfs, mounts),
    // A config without entrypoint is refused with its own words when the plugin's spec is made.
    programFlaws: (config.entrypoint ?? []).length === 0 ? [] : findProgramFlaws(plugin),
    missingHostFiles,
  };
}

function readDestinations(rootfs: string, mounts: readonly PluginMount[]): PluginNeeds['destinations'] {
  const found = new Map<string, WalkEnd['end']>();
  const root = openRoot(rootfs);
  try {
    for (const { destination } of mounts) {
      try {
        found.set(destination, walkInRoot(root, destination).end);
      } catch (error) {
        // A way that leads nowhere is refused with its reason when the plugin's spec is made.
        if (!isOutboardError(error, 'invalid')) throw error;
      }
    }
  } finally {
    closeSync(root);
  }
  return found;
}

function isPath(source: PluginMount['source']): source is string {
  return source?.startsWith('/') === true && !source.includes('\0');
}

async function readSource(path: string, probe: FileSystemProbe): Promise<SourceFact> {
  const status = await probe.status(path, { followLinks: true });
  if (status.kind === 'unreachable') return status;
  if (status.kind === 'missing') {
    const itself = await probe.status(path, { followLinks: false });
    return itself.kind === 'found' ? { kind: 'dangling-link' } : itself;
  }
  const realPath = await probe.realPath(path);
  if (realPath.kind !== 'found') return realPath;
  const isDirectory = (status.value.mode & typeBits) === directoryType;
  return { kind: 'present', realPath: realPath.value, isDirectory };
}

async function deviceProblem(
  device: PluginDevice,
  probe: FileSystemProbe,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    await resolveDevices([device], (path) => probe.status(path, { followLinks: false }));
    return undefined;
  } catch (error) {
    signal?.throwIfAborted();
    return error instanceof Error ? error.message : String(error);
  }
}
