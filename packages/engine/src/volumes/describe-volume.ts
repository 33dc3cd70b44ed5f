/**
 * From what a driver tells and what is remembered to a volume as users see it.
 */
import { isOutboardError } from '@outboard/oci';
import type { CallableDriver, LocatedVolume } from './locate-volume.ts';
import type { Cancellable, VolumeContext } from './volume-context.ts';
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
  readonly record?: VolumeRecord | undefined;
}

/** Bring together what is known of a volume. */
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

/** A volume whose driver cannot be asked, as far as it is remembered. */
export function rememberedVolume(record: VolumeRecord): Volume {
  return toVolume({ name: record.name, driver: record.driver, mountpoint: '', scope: 'local', record });
}

/**
 * A volume that was found, as it is now, without what its driver adds for people to read.
 * @throws {OutboardError} system, code `path-escapes`, when its driver names a place outside of the plugin
 */
export async function describeVolume(
  { scopes }: Pick<VolumeContext, 'scopes'>,
  { driver, told, record }: LocatedVolume,
  name: string,
  options: Cancellable,
): Promise<Volume> {
  const { plugin } = driver;
  const [mountpoint, scope] = await Promise.all([
    plugin.toHostPath(told.mountpoint, options),
    scopes.of(driver, options),
  ]);
  const { createdAt } = told;
  return toVolume({ name, driver: plugin.name, mountpoint, scope, createdAt, record });
}

/** A driver that named no place before may name one when it is asked for it, as Docker asks who inspects a volume. */
export async function withPath(
  located: LocatedVolume,
  name: string,
  options: Cancellable,
): Promise<LocatedVolume> {
  const { driver, told } = located;
  if (told.mountpoint !== '') return located;
  return { ...located, told: { ...told, mountpoint: await askPath(driver, name, options) } };
}

async function askPath({ calls }: CallableDriver, name: string, options: Cancellable): Promise<string> {
  try {
    return await calls.path(name, options);
  } catch (error) {
    // Many drivers fail so when the volume is not mounted: it is nowhere then.
    if (isOutboardError(error) && error.code === 'plugin-error') return '';
    throw error;
  }
}
