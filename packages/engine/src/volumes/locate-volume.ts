/**
 * Finds the driver of a volume by the volume's name: the recorded driver, else any driver that has the volume.
 */
import { type Cancellable, joinSignals } from '@outboard/async';
import { isOutboardError, OutboardError } from '@outboard/oci';
import { createVolumeDriver, type DriverVolume, type VolumeDriver } from '@outboard/protocol';
import type { PluginDriver } from '../drivers/plugin-drivers.ts';
import type { VolumeContext } from './volume-context.ts';
import { noSuchVolume, reasonOf } from './volume-errors.ts';
import type { VolumeRecord } from './volume-record.ts';

/** A volume driver that can be called. */
export interface CallableDriver {
  readonly plugin: PluginDriver;
  readonly calls: VolumeDriver;
}

/** A volume and the answer of its driver. */
export interface LocatedVolume {
  readonly driver: CallableDriver;
  readonly answer: DriverVolume;
  /** Absent for a volume that this engine did not create. */
  readonly record?: VolumeRecord | undefined;
}

/** Add the typed calls of a volume driver. */
export function callable(plugin: PluginDriver): CallableDriver {
  return { plugin, calls: createVolumeDriver(plugin.client) };
}

/**
 * Find a driver.
 * @param name as given by the caller or stored in a record
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
 * @returns undefined when the driver does not have it
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
    const answer = await lookUp(driver, name, options);
    return answer === undefined ? undefined : { driver, answer, record };
  } catch (error) {
    const subject = `error while checking if volume ${JSON.stringify(name)} exists in driver`;
    throw withReason(error, (reason) => `${subject} ${JSON.stringify(record.driver)}: ${reason}`);
  }
}

/**
 * Ask one driver for one volume. Many drivers answer a missing volume with an error like any other. Docker takes every error
 * for "missing", and so loses labels and options at a transient failure; here the driver's own list decides.
 * @returns undefined when the driver does not have the volume
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
      // The first error is the more specific one.
      throw error;
    });
    return listed.find((volume) => volume.name === name);
  }
}

/** Parts of a search among all drivers. As in Docker, a driver that fails or does not answer in time counts as not having the volume. */
type Search = Pick<VolumeContext, 'drivers' | 'surveyTimeoutMs' | 'surveyLimit'>;

/** Find a volume that this engine did not create: the first driver that has it wins, the others are not awaited. */
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
    // No driver has it. `list` reports the errors of single drivers.
    options.signal?.throwIfAborted();
    return undefined;
  } finally {
    // Cancel the calls to the other drivers.
    found.abort();
  }
}

/**
 * The same for operations that must not reach the wrong volume: all drivers are awaited.
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

/** Ask all drivers, a bounded number at once. A promise is rejected when its driver does not have the volume. */
async function askAll(
  { drivers, surveyLimit }: Pick<Search, 'drivers' | 'surveyLimit'>,
  name: string,
  signal: AbortSignal,
): Promise<readonly Promise<LocatedVolume>[]> {
  const plugins = await drivers.all('volumedriver', { signal });
  return plugins.map(async (plugin) => {
    const driver = callable(plugin);
    const answer = await surveyLimit.run(() => driver.calls.get(name, { signal }), { signal });
    if (answer === undefined) throw noSuchVolume();
    return { driver, answer };
  });
}

/** Reword an `OutboardError`, keeping kind and code; any other error stays as it is. */
function withReason(error: unknown, word: (reason: string) => string): unknown {
  if (!isOutboardError(error)) return error;
  const { kind, code } = error;
  return new OutboardError(kind, word(reasonOf(error)), { cause: error, code });
}
