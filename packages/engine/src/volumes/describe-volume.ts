/**
 * Combines the answer of a driver and the stored record into the volume that clients see.
 */
import type { Cancellable } from '@outboard/async';
import { isOutboardError } from '@outboard/oci';
import type { CallableDriver, LocatedVolume } from './locate-volume.ts';
import type { VolumeContext } from './volume-context.ts';
import type { VolumeRecord } from './volume-record.ts';
import type { Volume } from './volumes.ts';

/** Facts about a volume from its driver and its record. */
export interface VolumeFacts {
  readonly name: string;
  readonly driver: string;
  /** A path on the host; '' if unknown. */
  readonly mountpoint: string;
  readonly scope: Volume['scope'];
  readonly createdAt?: Date | undefined;
  readonly record?: VolumeRecord | undefined;
}

/** Combine the facts; the driver's creation time wins over the record's. */
export function toVolume(facts: VolumeFacts): Volume {
  const { name, driver, mountpoint, scope, record } = facts;
  const createdAt = facts.createdAt ?? record?.createdAt;
  return {
    name,
    driver,
    mountpoint,
    scope,
    ...(createdAt === undefined ? {} : { createdAt }),
    ...(record?.labels === undefined ? {} : { labels: record.labels }),
    ...(record?.options === undefined ? {} : { options: record.options }),
  };
}

/** A volume from its record alone, for a driver that cannot be called. */
export function rememberedVolume(record: VolumeRecord): Volume {
  return toVolume({ name: record.name, driver: record.driver, mountpoint: '', scope: 'local', record });
}

/**
 * Describe a located volume, without the `Status` that only `inspect` shows.
 * @throws {OutboardError} system, code `path-escapes`, when its driver reports a path outside of the plugin
 */
export async function describeVolume(
  { scopes }: Pick<VolumeContext, 'scopes'>,
  { driver, answer, record }: LocatedVolume,
  name: string,
  options: Cancellable,
): Promise<Volume> {
  const { plugin } = driver;
  const [mountpoint, scope] = await Promise.all([
    plugin.toHostPath(answer.mountpoint, options),
    scopes.of(driver, options),
  ]);
  const { createdAt } = answer;
  return toVolume({ name, driver: plugin.name, mountpoint, scope, createdAt, record });
}

/** Ask for the mountpoint if the driver's answer has none: some drivers report it only to `VolumeDriver.Path`, which Docker calls at inspect. */
export async function withPath(
  located: LocatedVolume,
  name: string,
  options: Cancellable,
): Promise<LocatedVolume> {
  const { driver, answer } = located;
  if (answer.mountpoint !== '') return located;
  return { ...located, answer: { ...answer, mountpoint: await askPath(driver, name, options) } };
}

async function askPath({ calls }: CallableDriver, name: string, options: Cancellable): Promise<string> {
  try {
    return await calls.path(name, options);
  } catch (error) {
    // Many drivers fail this way while the volume is not mounted.
    if (isOutboardError(error) && error.code === 'plugin-error') return '';
    throw error;
  }
}
