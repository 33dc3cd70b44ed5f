/**
 * Compares the mounts of a plugin with the host's files and with the files at their destinations. Pure.
 */
import { cleanAbsolutePath, isAtOrBelow, type WalkEnd, withoutVarRun } from '@outboard/container';
import { checkMount, socketDirectoryInPlugin } from '../config/mount-rules.ts';
import type { PluginConfig, PluginMount, PluginSettings } from '../config/plugin-config.ts';
import { type ExpectedSource, expectedSource, howToProvide } from './expected-source.ts';
import { type Finding, fileSystemMissing, ofPlugin } from './finding.ts';
import type { HostSupply } from './host-facts.ts';
import { isShared, mountOfPath } from './mount-of-path.ts';
import type { PluginNeeds, SourceFact } from './read-plugin-needs.ts';

/** The plugin that mounts. */
export interface MountingPlugin {
  readonly name: string;
  readonly config: PluginConfig;
  readonly settings: PluginSettings;
  /** True: missing directories that are sources of mounts are created. */
  readonly createMounts: boolean;
}

/** Check one mount. @returns the problems that prevent it */
export function checkSourceOfMount(
  mount: PluginMount,
  plugin: MountingPlugin,
  needs: PluginNeeds,
  host: HostSupply,
): readonly Finding[] {
  const label = JSON.stringify(mount.name === '' ? mount.destination : mount.name);
  const what = `mount ${label}`;
  const kind = kindOf(mount);
  if (kind === 'tmpfs') {
    return host.fileSystems.has('tmpfs') ? [] : [fileSystemMissing(what, 'tmpfs')];
  }
  if (kind === undefined) return [];
  if (mount.source === null || mount.source === '') {
    if (mount.settable?.includes('source') === true) return [];
    const why = `mount source is not specified: mount ${label}`;
    return [ofPlugin(what, why, 'its author must name the source, or allow it to be set')];
  }
  const fact = needs.sources.get(mount.source);
  if (fact === undefined) return [];
  const { source, destination } = mount;
  const inRootfs = needs.destinations.get(destination);
  if (fact.kind === 'present') {
    return [
      ...checkTypes(what, mount, fact, isCovered(mount, plugin) ? undefined : inRootfs),
      ...checkPropagation(what, mount, fact.realPath, host),
    ];
  }
  return checkMissing(what, mount, fact, {
    plugin,
    expected: expectedSource({ source, destination }, inRootfs),
  });
}

/** @returns undefined for a mount that is not made: one that is not allowed, or at the plugin's own socket directory */
function kindOf(mount: PluginMount): 'bind' | 'tmpfs' | undefined {
  if (withoutVarRun(mount.destination) === socketDirectoryInPlugin) return undefined;
  try {
    return checkMount(mount, 'mount').kind;
  } catch {
    // The start fails with the reason when the plugin's spec is created.
    return undefined;
  }
}

/** List the missing sources of mounts that are to be created as directories. */
export function missingDirectories(
  mounts: readonly PluginMount[],
  { sources, destinations }: PluginNeeds,
): readonly string[] {
  const missing = mounts.flatMap((mount) => {
    const { source, destination } = mount;
    if (source === null || sources.get(source)?.kind !== 'missing' || kindOf(mount) !== 'bind') return [];
    return expectedSource({ source, destination }, destinations.get(destination)) === 'directory'
      ? [source]
      : [];
  });
  return [...new Set(missing)];
}

function checkMissing(
  what: string,
  mount: PluginMount,
  fact: Exclude<SourceFact, { kind: 'present' }>,
  { plugin, expected }: { readonly plugin: MountingPlugin; readonly expected: ExpectedSource },
): readonly Finding[] {
  const path = JSON.stringify(mount.source);
  const canSet = mount.settable?.includes('source') === true && mount.name !== '';
  const orSet = canSet ? `, or set another: outboard set ${plugin.name} ${mount.name}.source=PATH` : '';
  switch (fact.kind) {
    case 'missing': {
      if (plugin.createMounts && expected === 'directory') return [];
      const why = `bind source path does not exist: ${what} has source ${path}`;
      const make = `make it: mkdir -p ${shellWord(mount.source ?? '')}, or: outboard enable --create-mounts ${plugin.name}`;
      return [ofPlugin(what, why, `${expected === 'directory' ? make : howToProvide(expected)}${orSet}`)];
    }
    case 'dangling-link':
      return [ofPlugin(what, `source ${path} of ${what} is a link to nothing`, `make what it names${orSet}`)];
    case 'unreachable':
      return [
        ofPlugin(what, `source ${path} of ${what} cannot be reached: ${fact.reason}`, `correct it${orSet}`),
      ];
  }
}

/** Check that a directory is mounted on a directory, and a file on a file. */
function checkTypes(
  what: string,
  { source, destination }: PluginMount,
  { isDirectory }: Extract<SourceFact, { kind: 'present' }>,
  inRootfs: WalkEnd['end'] | undefined,
): readonly Finding[] {
  const [from, to] = [source, destination].map((path) => JSON.stringify(path));
  if (isDirectory && inRootfs === 'other') {
    const why = `source ${from} of ${what} is a directory, but the plugin has a file at its destination ${to}`;
    return [ofPlugin(what, why, 'put a file, a socket or a device in its place')];
  }
  if (!isDirectory && inRootfs === 'directory') {
    const why = `source ${from} of ${what} is no directory, but the plugin has one at its destination ${to}`;
    return [ofPlugin(what, why, 'put a directory in its place')];
  }
  return [];
}

/** True when another mount covers the destination. */
function isCovered(mount: PluginMount, { config, settings }: MountingPlugin): boolean {
  const others = settings.mounts.filter((other) => other !== mount).map(({ destination }) => destination);
  const above = ['/tmp', '/run', '/dev', '/sys', config.propagatedMount, ...others].map(cleanAbsolutePath);
  const place = cleanAbsolutePath(mount.destination) ?? '';
  return above.some((path) => path !== undefined && isAtOrBelow(withoutVarRun(place), withoutVarRun(path)));
}

/** Quote a path for a shell. */
function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

/** Check that a shared mount lies on a mount that propagates to the host. */
function checkPropagation(
  what: string,
  mount: PluginMount,
  realPath: string,
  host: HostSupply,
): readonly Finding[] {
  if (mount.options?.some((option) => option === 'shared' || option === 'rshared') !== true) return [];
  const below = mountOfPath(host.mounts, realPath);
  if (below === undefined || isShared(below)) return [];
  return [
    {
      ...ofPlugin(
        what,
        `mounts of the plugin in ${JSON.stringify(mount.source)} will not be visible on the host: ${JSON.stringify(below.mountPoint)} is not a shared mount`,
        `mount --make-rshared ${below.mountPoint}`,
      ),
      isFatal: false,
    },
  ];
}
