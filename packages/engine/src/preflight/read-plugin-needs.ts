/**
 * Reads the facts of a host that the settings of one plugin name: sources of mounts and devices.
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
import { messagesOf } from '../config/config-finding.ts';
import { mountKind } from '../config/mount-rules.ts';
import type { PluginDevice, PluginMount } from '../config/plugin-config.ts';
import { resolveDevices } from '../spec/devices.ts';
import { findMissingHostFiles } from './host-files.ts';
import type { UnpackedPlugin } from './locate-program.ts';
import { findProgramFlaws } from './program-flaws.ts';

/** Facts about the source of a mount. */
export type SourceFact =
  /** With the path that is left when its links are followed. */
  | { readonly kind: 'present'; readonly realPath: string; readonly isDirectory: boolean }
  | { readonly kind: 'missing' }
  | { readonly kind: 'dangling-link' }
  /** An ancestor is not a directory or not accessible, or the file system does not answer. */
  | { readonly kind: 'unreachable'; readonly reason: string };

/** Number of paths that are read at a time. */
const maxConcurrency = 4;

/** Facts of the host about one plugin. */
export interface PluginNeeds {
  readonly sources: ReadonlyMap<string, SourceFact>;
  /** Reasons why devices cannot be used; absent for those that can. */
  readonly deviceProblems: ReadonlyMap<PluginDevice, string>;
  /** Kinds of the files at the destinations of mounts; absent for paths that lead nowhere. */
  readonly destinations: ReadonlyMap<string, WalkEnd['end']>;
  /** Reason why the program of the entrypoint cannot be executed; at most one line. */
  readonly programFlaws: readonly string[];
  /** Files that the host lacks and that plugins with this network are given. */
  readonly missingHostFiles: readonly string[];
}

const typeBits = 0o170000; // S_IFMT
const directoryType = 0o040000; // S_IFDIR

/**
 * Read the facts, without a change to anything. A file system that does not answer delays no other plugin.
 * @throws the signal's reason
 */
export async function readPluginNeeds(plugin: UnpackedPlugin, signal?: AbortSignal): Promise<PluginNeeds> {
  const { config, settings, rootfs } = plugin;
  const { mounts, devices } = settings;
  const probe = createFileSystemProbe({ signal });
  const onHost = mounts.filter((mount) => mountKind(mount) !== 'tmpfs');
  const paths = new Set(onHost.map(({ source }) => source).filter(isPath));
  const sources = new Map<string, SourceFact>();
  const deviceProblems = new Map<PluginDevice, string>();
  const reads = [
    ...[...paths].map((path) => async () => {
      sources.set(path, await readSource(path, probe));
    }),
    ...devices.map((device) => async () => {
      const problem = await deviceProblem(device, probe, signal);
      if (problem !== undefined) deviceProblems.set(device, problem);
    }),
  ].values();
  const readNext = async () => {
    for (const read of reads) await read();
  };
  const [missingHostFiles, programFlaws] = await Promise.all([
    findMissingHostFiles(config, probe),
    findProgramFlaws(plugin),
    ...Array.from({ length: maxConcurrency }, readNext),
  ]);
  return {
    sources,
    deviceProblems,
    destinations: readDestinations(rootfs, mounts),
    // A warning is about a program that this host may run all the same.
    programFlaws: messagesOf(programFlaws.filter(({ severity }) => severity === 'flaw')),
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
        // A path that leads nowhere is refused when the plugin's spec is created.
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
