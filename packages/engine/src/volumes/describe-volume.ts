/**
 * From what a driver tells and what is remembered to a volume as users see it.
 */
import { isOutboardError } from '@outboard/oci';
import type { JsonObject } from '../config/json-document.ts';
import type { PluginDriver } from '../drivers/plugin-drivers.ts';
import type { DriverVolume } from '../protocol/volume-driver.ts';
import type { LocatedVolume } from './locate-volume.ts';
import type { Cancellable } from './volume-context.ts';
import type { VolumeRecord } from './volume-record.ts';
import type { Volume } from './volumes.ts';

/** Facts about a volume, from whoever knows them. */
export interface VolumeFacts {
  readonly name: string;
  readonly driver: string;
  /** On the host. */
  readonly mountpoint: string;
  readonly scope: Volume['scope'];
  readonly createdAt?: Date | undefined;
  readonly status?: JsonObject | undefined;
  readonly record?: VolumeRecord | undefined;
}

/** Bring together what is known of a volume. */
export function toVolume(facts: VolumeFacts): Volume {
  const { name, driver, mountpoint, scope, status, record } = facts;
  const createdAt = facts.createdAt ?? record?.createdAt;
  return {
    name,
    driver,
    mountpoint,
    scope,
    ...(createdAt === undefined ? {} : { createdAt }),
    ...(record?.labels === undefined ? {} : { labels: record.labels }),
    ...(record?.options === undefined ? {} : { options: record.options }),
    ...(status === undefined ? {} : { status }),
  };
}

/** A volume whose driver cannot be asked, as far as it is remembered. */
export function rememberedVolume(record: VolumeRecord): Volume {
  return toVolume({ name: record.name, driver: record.driver, mountpoint: '', scope: 'local', record });
}

/**
 * Everything about a volume that was found.
 * @throws {OutboardError} system, code `path-escapes`, when its driver names a place outside of the plugin
 */
export async function describeVolume(
  { driver, told, record }: LocatedVolume,
  name: string,
  options: Cancellable,
): Promise<Volume> {
  const [mountpoint, { scope }] = await Promise.all([
    hostMountpoint({ driver, told }, name, options),
    driver.calls.capabilities(options),
  ]);
  const { createdAt, status } = told;
  return toVolume({ name, driver: driver.plugin.name, mountpoint, scope, createdAt, status, record });
}

/** A driver that named no place before may name one when it is asked for it, as Docker asks. */
async function hostMountpoint(
  { driver, told }: Pick<LocatedVolume, 'driver' | 'told'>,
  name: string,
  options: Cancellable,
): Promise<string> {
  const path = told.mountpoint === '' ? await askPath(driver.calls.path(name, options)) : told.mountpoint;
  return driver.plugin.toHostPath(path, options);
}

async function askPath(answer: Promise<string>): Promise<string> {
  try {
    return await answer;
  } catch (error) {
    // Many drivers fail so when the volume is not mounted: it is nowhere then.
    if (isOutboardError(error) && error.code === 'plugin-error') return '';
    throw error;
  }
}

/** What a driver's list tells of a volume; where it lies on the host has been found out. */
export function listedVolume(
  plugin: Pick<PluginDriver, 'name'>,
  told: DriverVolume,
  known: { readonly mountpoint: string; readonly scope: Volume['scope']; readonly record?: VolumeRecord },
): Volume {
  return toVolume({ name: told.name, driver: plugin.name, createdAt: told.createdAt, ...known });
}
