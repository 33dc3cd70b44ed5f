/**
 * Everything that a plugin needs of its host, compared with what the host has. Pure: values in, findings out, so that
 * all of them are told at once.
 */
import { canonicalCapability, containerDefaults } from '@outboard/container';
import type { PluginDevice } from '../config/plugin-config.ts';
import { checkSourceOfMount, type MountingPlugin } from './check-mounts.ts';
import { type Finding, fileSystemMissing, ofContent, ofHost, ofPlugin } from './finding.ts';
import { mountOfPath } from './mount-of-path.ts';
import {
  areCgroupsReadOnly,
  cgroupMode,
  type FoundProgram,
  type HostSupply,
  readOnlyCgroupsRemedy,
} from './read-host.ts';
import type { PluginNeeds } from './read-plugin-needs.ts';

/** What is to be started. */
export interface PluginToCheck extends MountingPlugin {
  /** Where its root filesystem lies, links followed. */
  readonly rootfsPath: string;
}

/** @returns what is wrong, the plugin's own first; none when it can start */
export function checkPlugin(plugin: PluginToCheck, needs: PluginNeeds, host: HostSupply): readonly Finding[] {
  return [
    ...plugin.settings.mounts.flatMap((mount) => checkSourceOfMount(mount, plugin, needs, host)),
    ...plugin.settings.devices.flatMap((device) => checkDevice(device, plugin, needs, host)),
    ...needs.missingHostFiles.map(hostFileMissing),
    ...needs.programFlaws.map((why) => ofContent('entrypoint', why)),
    ...checkCapabilities(plugin, host),
    ...checkPrograms(host),
    ...checkCgroups(host),
    ...checkPlace(plugin, host),
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

function checkCapabilities({ config }: PluginToCheck, host: HostSupply): readonly Finding[] {
  const wanted = [
    ...containerDefaults.capabilities,
    ...(config.linux.capabilities ?? []).map(canonicalCapability),
  ];
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
