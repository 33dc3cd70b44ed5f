/**
 * Compares the needs of a plugin with the facts of its host. Pure: values in, findings out, so that one refusal names all
 * of them.
 */
import { canonicalCapability, containerDefaults } from '@outboard/container';
import type { PluginDevice } from '../config/plugin-config.ts';
import { checkSourceOfMount, type MountingPlugin } from './check-mounts.ts';
import { type Finding, fileSystemMissing, ofContent, ofHost, ofPlugin } from './finding.ts';
import type { HostSupply } from './host-facts.ts';
import type { PluginNeeds } from './read-plugin-needs.ts';
import { assessAll } from './requirement.ts';
import {
  capabilities,
  containerMonitor,
  controlGroups,
  dataRoot,
  ociRuntime,
} from './shared-requirements.ts';

/** The plugin to start. */
export interface PluginToCheck extends MountingPlugin {
  /** Path of its root filesystem, without links. */
  readonly rootfsPath: string;
}

/**
 * Compare a plugin's needs with the facts of its host.
 * @returns problems, those of the plugin before those of the host; none when it can start
 */
export function checkPlugin(plugin: PluginToCheck, needs: PluginNeeds, host: HostSupply): readonly Finding[] {
  return [
    ...plugin.settings.mounts.flatMap((mount) => checkSourceOfMount(mount, plugin, needs, host)),
    ...plugin.settings.devices.flatMap((device) => checkDevice(device, plugin, needs, host)),
    ...needs.missingHostFiles.map(hostFileMissing),
    ...needs.programFlaws.map((why) => ofContent('entrypoint', why)),
    ...checkHostRequirements(plugin, host),
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
  // On most hosts, opening the device loads the module.
  return [{ ...fileSystemMissing(what, 'fuse'), isFatal: false }];
}

/** A warning: the plugin starts without the file. */
function hostFileMissing(path: string): Finding {
  const why = `the host has no ${path}: the plugin goes without it`;
  return {
    ...ofHost(path, why, `make the file, if the plugin is to look up names: touch ${path}`),
    isFatal: false,
  };
}

/** Requirements on the host that every plugin, or the capabilities of this one, depend on. */
const requirements = [capabilities, ociRuntime, containerMonitor, controlGroups, dataRoot];

function checkHostRequirements({ config, rootfsPath }: PluginToCheck, host: HostSupply): readonly Finding[] {
  const wanted = [
    ...containerDefaults.capabilities,
    ...(config.linux.capabilities ?? []).map(canonicalCapability),
  ];
  const checks = assessAll(requirements, {
    ...host,
    missingCapabilities: [...new Set(wanted)].filter((name) => !host.boundingCapabilities.has(name)),
    areCapabilitiesNeeded: true,
    dataRoot: { path: 'the root filesystem', realPath: rootfsPath },
  });
  return checks
    .filter(({ status }) => status === 'fail')
    .map(({ name, message, remedy }) => ofHost(name, message, `${remedy}; see: outboard doctor`));
}
