/**
 * Resolves device paths of settings to device nodes. The path that the operator consented to must be the node that is used:
 * a link or a directory would stand for other devices.
 */

import type { FileStatus, ProbeResult, SpecDevice } from '@outboard/container';
import { OutboardError } from '@outboard/oci';
import type { PluginDevice } from '../config/plugin-config.ts';

/** The devices of a plugin. */
export interface ResolvedDevices {
  readonly devices: readonly SpecDevice[];
  /** One line for each device that is left out because the operator has not set its path yet. */
  readonly notices: readonly string[];
}

const fileTypeMask = 0o170000;
const characterDeviceType = 0o020000;
const blockDeviceType = 0o060000;
const symbolicLinkType = 0o120000;

/**
 * Look up the devices of a plugin's settings on the host.
 * @param readStatus reads the status of a path, without following links
 * @throws {OutboardError} invalid: a device without path, a path that does not exist or is not a device node
 */
export async function resolveDevices(
  devices: readonly PluginDevice[],
  readStatus: (path: string) => Promise<ProbeResult<FileStatus>>,
): Promise<ResolvedDevices> {
  const notices: string[] = [];
  const resolved: SpecDevice[] = [];
  for (const device of devices) {
    if (device.path !== null && device.path !== '') {
      resolved.push(await resolveDevice(device.path, readStatus));
    } else if (device.settable?.includes('path') === true) {
      notices.push(`device ${JSON.stringify(device.name)} is left out: its path is not set`);
    } else {
      throw new OutboardError(
        'invalid',
        `device path is not specified: device ${JSON.stringify(device.name)}`,
      );
    }
  }
  return { devices: resolved, notices };
}

async function resolveDevice(
  path: string,
  readStatus: (path: string) => Promise<ProbeResult<FileStatus>>,
): Promise<SpecDevice> {
  const found = await readStatus(path);
  if (found.kind !== 'found') {
    throw deviceError(path, found.kind === 'missing' ? 'no such file or directory' : found.reason);
  }
  const status = found.value;
  const type = status.mode & fileTypeMask;
  if (type === symbolicLinkType) throw deviceError(path, 'is a symbolic link, name the device node itself');
  if (type !== characterDeviceType && type !== blockDeviceType) throw deviceError(path, 'not a device node');
  return {
    path,
    type: type === blockDeviceType ? 'b' : 'c',
    major: status.major,
    minor: status.minor,
    fileMode: status.mode & 0o7777,
    uid: status.uid,
    gid: status.gid,
  };
}

/** Docker's error text, with the reason at the end. */
function deviceError(path: string, reason: string): OutboardError {
  return new OutboardError(
    'invalid',
    `error gathering device information while adding custom device ${JSON.stringify(path)}: ${reason}`,
  );
}
