/**
 * From a volume's name to the driver that has it: the one that it was created with here, else whichever of all drivers
 * knows it.
 */
import { joinSignals } from '@outboard/async';
import { isOutboardError, OutboardError } from '@outboard/oci';
import { createVolumeDriver, type DriverVolume, type VolumeDriver } from '@outboard/protocol';
import type { PluginDriver } from '../drivers/plugin-drivers.ts';
import type { Cancellable, VolumeContext } from './volume-context.ts';
import { noSuchVolume, reasonOf } from './volume-errors.ts';
import type { VolumeRecord } from './volume-record.ts';

/** A driver of volumes that can be called now. */
export interface CallableDriver {
  readonly plugin: PluginDriver;
  readonly calls: VolumeDriver;
}

/** A volume, as the driver that has it tells of it. */
export interface LocatedVolume {
  readonly driver: CallableDriver;
  readonly told: DriverVolume;
  /** Absent when it was not created here. */
  readonly record?: VolumeRecord;
}

export function callable(plugin: PluginDriver): CallableDriver {
  return { plugin, calls: createVolumeDriver(plugin.client) };
}

/**
 * Find a driver.
 * @param name as the caller or a record names it
 * @throws {OutboardError} not-found, conflict or invalid: `error looking up volume plugin NAME: …`
 */
export async function findDriver(
  context: Pick<VolumeContext, 'drivers'>,
  name: string,
  options: Cancellable,
): Promise<CallableDriver> {
  try {
    return callable(await context.drivers.find(name, 'volumedriver', options));
  } catch (error) {
    throw withReason(error, (reason) => `error looking up volume plugin ${name}: ${reason}`);
  }
}

/**
 * Ask the driver of a record for its volume.
 * @returns undefined when the driver says that there is none
 * @throws {OutboardError} `error while checking if volume "V" exists in driver "D": …`, of the reason's kind, when the
 *   driver cannot be asked or fails
 */
export async function checkRecord(
  context: Pick<VolumeContext, 'drivers'>,
  record: VolumeRecord,
  options: Cancellable,
): Promise<LocatedVolume | undefined> {
  const { name } = record;
  try {
    const driver = await findDriver(context, record.driver, options);
    const told = await lookUp(driver, name, options);
    return told === undefined ? undefined : { driver, told, record };
  } catch (error) {
    const subject = `error while checking if volume ${JSON.stringify(name)} exists in driver`;
    throw withReason(error, (reason) => `${subject} ${JSON.stringify(record.driver)}: ${reason}`);
  }
}

/**
 * Ask one driver for one volume. For one that is missing many drivers answer an error, as for anything that goes wrong;
 * Docker takes every error for "missing" and forgets labels and options over a passing trouble. The driver's own list
 * settles it.
 * @returns undefined when the driver has no such volume
 */
export async function lookUp(
  { calls }: CallableDriver,
  name: string,
  options: Cancellable,
): Promise<DriverVolume | undefined> {
  try {
    return await calls.get(name, options);
  } catch (error) {
    if (!isOutboardError(error) || error.code !== 'plugin-error') throw error;
    const listed = await calls.list(options).catch(() => {
      // What went wrong first tells more.
      throw error;
    });
    return listed.find((volume) => volume.name === name);
  }
}

/** A search of all drivers for one volume. Those that do not answer in time, or answer an error, have it not, as in Docker. */
type Search = Pick<VolumeContext, 'drivers' | 'surveyTimeoutMs'>;

/** Find a volume that was not created here: the first driver that says it has it is taken, and none is waited for. */
export async function searchDrivers(
  context: Search,
  name: string,
  options: Cancellable,
): Promise<LocatedVolume | undefined> {
  const found = new AbortController();
  using survey = joinSignals([options.signal, found.signal], { timeoutMs: context.surveyTimeoutMs });
  const answers = await askAll(context, name, survey.signal);
  try {
    return await Promise.any(answers);
  } catch {
    // None has it. What kept single drivers from answering is told by `list`.
    options.signal?.throwIfAborted();
    return undefined;
  } finally {
    // The answers of the others are of no use any more.
    found.abort();
  }
}

/**
 * The same for what must not meet the wrong volume: all drivers are waited for.
 * @throws {OutboardError} conflict when several drivers have a volume of that name
 */
export async function searchOnly(
  context: Search,
  name: string,
  options: Cancellable,
): Promise<LocatedVolume | undefined> {
  using survey = joinSignals([options.signal], { timeoutMs: context.surveyTimeoutMs });
  const answers = await Promise.allSettled(await askAll(context, name, survey.signal));
  options.signal?.throwIfAborted();
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  if (found.length < 2) return found[0];
  const drivers = found.map(({ driver }) => driver.plugin.name).join(', ');
  const message = `several drivers have a volume of this name: ${drivers}; create it with one of them to choose that`;
  throw new OutboardError('conflict', message);
}

/** Ask all drivers at the same time. A promise is rejected when its driver does not have the volume. */
async function askAll(
  context: Pick<Search, 'drivers'>,
  name: string,
  signal: AbortSignal,
): Promise<readonly Promise<LocatedVolume>[]> {
  const plugins = await context.drivers.all('volumedriver', { signal });
  return plugins.map(async (plugin) => {
    const driver = callable(plugin);
    const told = await driver.calls.get(name, { signal });
    if (told === undefined) throw noSuchVolume();
    return { driver, told };
  });
}

/** An error of ours with its reason in other words; of any other kind as it is. */
function withReason(error: unknown, word: (reason: string) => string): unknown {
  if (!isOutboardError(error)) return error;
  const { kind, code } = error;
  const options = { cause: error, ...(code === undefined ? {} : { code }) };
  return new OutboardError(kind, word(reasonOf(error)), options);
}
