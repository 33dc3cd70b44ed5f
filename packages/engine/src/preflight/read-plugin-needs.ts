/**
 * Looks up on the host what the settings of one plugin name: sources of mounts and devices.
 */
import { mountKind } from '../config/mount-rules.ts';
import type { PluginDevice, PluginMount, PluginSettings } from '../config/plugin-config.ts';
import { type LookOptions, readRealPath, readStatus } from '../linux/ask-file-system.ts';
import { createPatience } from '../linux/patience.ts';
import { resolveDevices } from '../runtime/spec/devices.ts';

/** What lies at the source of a mount. */
export type SourceFact =
  /** With the path that is left when links are followed. */
  | { readonly kind: 'present'; readonly realPath: string }
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
}

/** Look; nothing is changed. A file system that does not answer holds up no one else. @throws the signal's reason */
export async function readPluginNeeds(
  { mounts, devices }: PluginSettings,
  signal?: AbortSignal,
): Promise<PluginNeeds> {
  const options = { patience: createPatience(), ...(signal && { signal }) };
  const onHost = mounts.filter((mount) => mountKind(mount) !== 'tmpfs');
  const paths = new Set(onHost.map(({ source }) => source).filter(isPath));
  const sources = new Map<string, SourceFact>();
  const deviceProblems = new Map<PluginDevice, string>();
  const looks = [
    ...[...paths].map((path) => async () => {
      sources.set(path, await readSource(path, options));
    }),
    ...devices.map((device) => async () => {
      const problem = await deviceProblem(device, options);
      if (problem !== undefined) deviceProblems.set(device, problem);
    }),
  ].values();
  const lookOn = async () => {
    for (const look of looks) await look();
  };
  await Promise.all(Array.from({ length: lookers }, lookOn));
  return { sources, deviceProblems };
}

function isPath(source: PluginMount['source']): source is string {
  return source?.startsWith('/') === true && !source.includes('\0');
}

async function readSource(path: string, options: LookOptions): Promise<SourceFact> {
  const status = await readStatus(path, { ...options, followLinks: true });
  if (status.kind === 'unreachable') return status;
  if (status.kind === 'missing') {
    const itself = await readStatus(path, { ...options, followLinks: false });
    return itself.kind === 'found' ? { kind: 'dangling-link' } : itself;
  }
  const realPath = await readRealPath(path, options);
  return realPath.kind === 'found' ? { kind: 'present', realPath: realPath.value } : realPath;
}

async function deviceProblem(device: PluginDevice, options: LookOptions): Promise<string | undefined> {
  try {
    await resolveDevices([device], (path) => readStatus(path, { ...options, followLinks: false }));
    return undefined;
  } catch (error) {
    options.signal?.throwIfAborted();
    return error instanceof Error ? error.message : String(error);
  }
}
