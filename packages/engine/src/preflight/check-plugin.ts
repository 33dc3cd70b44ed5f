/**
 * Everything that a plugin needs of its host, compared with what the host has. Pure: values in, findings out, so that
 * all of them are told at once.
 */
import { canonicalCapability } from '../config/capability-names.ts';
import { cleanAbsolutePath, isAtOrBelow, withoutVarRun } from '../config/container-path.ts';
import { checkMount, socketDirectoryInPlugin } from '../config/mount-rules.ts';
import type { PluginConfig, PluginDevice, PluginMount, PluginSettings } from '../config/plugin-config.ts';
import type { WalkEnd } from '../rootfs/path-walk.ts';
import { defaultCapabilities } from '../runtime/spec/baseline.ts';
import { type ExpectedSource, expectedSource, howToProvide } from './expected-source.ts';
import type { Finding } from './finding.ts';
import { isShared, mountOfPath } from './mount-of-path.ts';
import {
  areCgroupsReadOnly,
  cgroupMode,
  type FoundProgram,
  type HostSupply,
  readOnlyCgroupsRemedy,
} from './read-host.ts';
import type { PluginNeeds, SourceFact } from './read-plugin-needs.ts';

/** What is to be started. */
export interface PluginToCheck {
  readonly name: string;
  readonly config: PluginConfig;
  readonly settings: PluginSettings;
  /** Whether directories that are missing as sources of mounts are made. */
  readonly createMounts: boolean;
  /** Where its root filesystem lies, links followed. */
  readonly rootfsPath: string;
}

/** @returns what is wrong, the plugin's own first; none when it can start */
export function checkPlugin(plugin: PluginToCheck, needs: PluginNeeds, host: HostSupply): readonly Finding[] {
  return [
    ...plugin.settings.mounts.flatMap((mount) => checkPluginMount(mount, plugin, needs, host)),
    ...plugin.settings.devices.flatMap((device) => checkDevice(device, plugin, needs, host)),
    ...needs.missingHostFiles.map(hostFileMissing),
    ...needs.programFlaws.map((why) => ofPlugin('entrypoint', why, 'its author must mend it')),
    ...checkCapabilities(plugin, host),
    ...checkPrograms(host),
    ...checkCgroups(host),
    ...checkPlace(plugin, host),
  ];
}

function checkPluginMount(
  mount: PluginMount,
  plugin: PluginToCheck,
  needs: PluginNeeds,
  host: HostSupply,
): readonly Finding[] {
  const label = JSON.stringify(mount.name === '' ? mount.destination : mount.name);
  const what = `mount ${label}`;
  const kind = mountKind(mount);
  // What its config must not ask for is refused with its own words when it is started.
  if (kind === undefined || withoutVarRun(mount.destination) === socketDirectoryInPlugin) return [];
  if (kind === 'tmpfs') {
    return host.fileSystems.has('tmpfs') ? [] : [fileSystemMissing(what, 'tmpfs')];
  }
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

/** @returns undefined for a mount that is not allowed */
function mountKind(mount: PluginMount): 'bind' | 'tmpfs' | undefined {
  try {
    return checkMount(mount, 'mount').kind;
  } catch {
    // The reason is told when the plugin's spec is made, which does not go on either.
    return undefined;
  }
}

function checkMissing(
  what: string,
  mount: PluginMount,
  fact: Exclude<SourceFact, { kind: 'present' }>,
  { plugin, expected }: { readonly plugin: PluginToCheck; readonly expected: ExpectedSource },
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

/** A file cannot be mounted on a directory, nor a directory on a file. */
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

/** Whether something else decides what is at a destination: another mount above it or on it. */
function isCovered(mount: PluginMount, { config, settings }: PluginToCheck): boolean {
  const others = settings.mounts.filter((other) => other !== mount).map(({ destination }) => destination);
  const above = ['/tmp', '/run', '/dev', '/sys', config.propagatedMount, ...others].map(cleanAbsolutePath);
  const place = cleanAbsolutePath(mount.destination) ?? '';
  return above.some((path) => path !== undefined && isAtOrBelow(withoutVarRun(place), withoutVarRun(path)));
}

/** A path as a word that a shell takes as it is. */
function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

/** A mount that is to show on the host, on a place that shows nothing of other mount namespaces. */
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
        `what the plugin mounts in ${JSON.stringify(mount.source)} will not show on the host: ${JSON.stringify(below.mountPoint)} is no shared mount`,
        `mount --make-rshared ${below.mountPoint}`,
      ),
      isFatal: false,
    },
  ];
}

function checkDevice(
  device: PluginDevice,
  plugin: PluginToCheck,
  needs: PluginNeeds,
  host: HostSupply,
): readonly Finding[] {
  const what = `device ${JSON.stringify(device.path ?? device.name)}`;
  const isFuse = device.path === '/dev/fuse';
  const problem = needs.deviceProblems.get(device);
  if (problem !== undefined) {
    const canSet = device.settable?.includes('path') === true && device.name !== '';
    const orSet = canSet ? `, or set another: outboard set ${plugin.name} ${device.name}.path=PATH` : '';
    const remedy = isFuse ? 'load the kernel module: modprobe fuse' : 'attach it, or load its driver';
    return [ofPlugin(what, problem, `${remedy}${orSet}`)];
  }
  if (!isFuse || host.fileSystems.has('fuse')) return [];
  // Opening the device loads the module, on most hosts.
  return [{ ...fileSystemMissing(what, 'fuse'), isFatal: false }];
}

/** The plugin starts without it. */
function hostFileMissing(path: string): Finding {
  const why = `the host has no ${path}: the plugin goes without it`;
  return {
    ...ofHost(path, why, `make the file, if the plugin is to look up names: touch ${path}`),
    isFatal: false,
  };
}

function fileSystemMissing(what: string, fileSystem: string): Finding {
  const why = `${what} needs the file system "${fileSystem}", which the kernel does not have now`;
  return { what, why, remedy: `load its module: modprobe ${fileSystem}`, concerns: 'host', isFatal: true };
}

function checkCapabilities({ config }: PluginToCheck, host: HostSupply): readonly Finding[] {
  const wanted = [...defaultCapabilities, ...(config.linux.capabilities ?? []).map(canonicalCapability)];
  const missing = [...new Set(wanted)].filter((name) => !host.boundingCapabilities.has(name));
  if (missing.length === 0) return [];
  const why = `the daemon cannot give ${missing.join(', ')}: its own bounding set of capabilities lacks them`;
  const remedy =
    'run the daemon as root of the host, without CapabilityBoundingSet= or a container around it';
  return [ofHost('capabilities', why, remedy)];
}

function checkPrograms({ runtime, conmon }: HostSupply): readonly Finding[] {
  return [...checkProgram('OCI runtime', runtime), ...checkProgram('conmon', conmon)];
}

function checkProgram(what: string, program: FoundProgram): readonly Finding[] {
  if ('path' in program) return [];
  return [ofHost(what, program.problem, 'install it, and see: outboard doctor')];
}

function checkCgroups({ mounts }: HostSupply): readonly Finding[] {
  if (areCgroupsReadOnly(mounts)) {
    return [ofHost('cgroups', 'the cgroup file system is mounted read-only', readOnlyCgroupsRemedy)];
  }
  if (cgroupMode(mounts) !== undefined) return [];
  return [ofHost('cgroups', 'no cgroup file system is mounted', 'mount -t cgroup2 none /sys/fs/cgroup')];
}

/** What the mount of the data root keeps all plugins below it from doing. */
function checkPlace({ rootfsPath }: PluginToCheck, { mounts }: HostSupply): readonly Finding[] {
  const place = mountOfPath(mounts, rootfsPath);
  if (place === undefined || !place.options.includes('noexec')) return [];
  const why = `the root filesystem lies on ${JSON.stringify(place.mountPoint)}, which is mounted with "noexec"`;
  return [ofHost('data root', why, `mount -o remount,exec ${place.mountPoint}, or use another --data-root`)];
}

function ofPlugin(what: string, why: string, remedy: string): Finding {
  return { what, why, remedy, concerns: 'plugin', isFatal: true };
}

function ofHost(what: string, why: string, remedy: string): Finding {
  return { what, why, remedy, concerns: 'host', isFatal: true };
}
