/**
 * Create a volume. As in Docker, the driver is asked for the volume first, and creates it only if it does not exist.
 * @see moby volume/service/store.go (28.x), create and checkConflict
 */
import type { Cancellable } from '@outboard/async';
import { isOutboardError } from '@outboard/oci';
import { describeVolume, rememberedVolume } from './describe-volume.ts';
import {
  type CallableDriver,
  checkRecord,
  findDriver,
  type LocatedVolume,
  lookUp,
  searchDrivers,
} from './locate-volume.ts';
import type { VolumeContext } from './volume-context.ts';
import { asOperation, nameConflict, reasonOf } from './volume-errors.ts';
import { checkNewVolumeName, randomVolumeName } from './volume-name.ts';
import type { VolumeRecord } from './volume-record.ts';
import type { CreateVolumeRequest, TextMap, Volume } from './volumes.ts';

/** The driver of requests that name none. */
const defaultDriver = 'local';
/** Label of volumes that were created without a name; `prune` removes only those by default. */
export const anonymousLabel = 'com.docker.volume.anonymous';

/** @see Volumes.create */
export async function createVolume(context: VolumeContext, request: CreateVolumeRequest): Promise<Volume> {
  const named = request.name === undefined ? makeAnonymous(request) : { ...request, name: request.name };
  checkNewVolumeName(named.name);
  const options = { signal: request.signal };
  return asOperation('create', named.name, () =>
    context.queue.run(named.name, () => createInTurn(context, named, options), request.signal),
  );
}

interface NamedRequest extends CreateVolumeRequest {
  readonly name: string;
}

function makeAnonymous(request: CreateVolumeRequest): NamedRequest {
  const labels: TextMap = new Map([...(request.labels ?? []), [anonymousLabel, '']]);
  return { ...request, name: randomVolumeName(), labels };
}

async function createInTurn(
  context: VolumeContext,
  request: NamedRequest,
  options: Cancellable,
): Promise<Volume> {
  const { name } = request;
  const existing = await findExisting(context, request, options);
  if (existing !== undefined) return describeVolume(context, existing, name, options);
  const driver = await findDriver(context, request.driver ?? defaultDriver, options);
  const record = await createWith(context, driver, request, options);
  context.announce({ type: 'volume', action: 'create', id: name, attributes: { driver: record.driver } });
  return describeCreated(context, driver, record, options);
}

/** The existing volume that the request refers to, if any. */
async function findExisting(
  context: VolumeContext,
  { name, driver }: NamedRequest,
  options: Cancellable,
): Promise<LocatedVolume | undefined> {
  const record = context.store.get(name);
  if (record === undefined) {
    return driver === undefined ? searchDrivers(context, name, options) : undefined;
  }
  // Docker looks the driver up first, even if it is the same: its error comes before all others.
  const isOther = driver !== undefined && (await isOtherDriver(context, driver, record, options));
  const located = await checkBeforeCreate(context, record, options);
  if (located === undefined) {
    await context.store.remove(name);
    return undefined;
  }
  if (isOther) throw nameConflict(`driver '${record.driver}' already has volume '${name}'`);
  return located;
}

async function isOtherDriver(
  context: VolumeContext,
  driver: string,
  record: VolumeRecord,
  options: Cancellable,
): Promise<boolean> {
  try {
    return (await findDriver(context, driver, options)).plugin.name !== record.driver;
  } catch (error) {
    // In Docker this driver always exists, so a request for it fails with the name of the driver that has the volume.
    if (driver === defaultDriver && isOutboardError(error, 'not-found')) return true;
    throw error;
  }
}

async function checkBeforeCreate(
  context: VolumeContext,
  record: VolumeRecord,
  options: Cancellable,
): Promise<LocatedVolume | undefined> {
  try {
    return await checkRecord(context, record, options);
  } catch (error) {
    if (!isOutboardError(error)) throw error;
    const found = `found reference to volume '${record.name}' in driver '${record.driver}'`;
    throw nameConflict(`${found}, but got an error while checking the driver: ${reasonOf(error)}`);
  }
}

/** Create the volume, or adopt the one that the driver already has. */
async function createWith(
  context: VolumeContext,
  driver: CallableDriver,
  request: NamedRequest,
  options: Cancellable,
): Promise<VolumeRecord> {
  const { name } = request;
  const record: VolumeRecord = {
    name,
    driver: driver.plugin.name,
    createdAt: context.clock.now(),
    labels: request.labels,
    options: request.options,
  };
  context.beingCreated.set(name, record);
  try {
    if (!(await isKnown(driver, name, options))) {
      await driver.calls.create(name, Object.fromEntries(request.options ?? []), options);
    }
    await context.store.put(record);
  } finally {
    context.beingCreated.delete(name);
  }
  return record;
}

/** As in Docker, any error that the driver reports counts as absence: if something is wrong, Create reports it. */
async function isKnown({ calls }: CallableDriver, name: string, options: Cancellable): Promise<boolean> {
  try {
    return (await calls.get(name, options)) !== undefined;
  } catch (error) {
    if (
      isOutboardError(error) &&
      (error.code === 'plugin-error' || error.code === 'plugin-reply-malformed')
    ) {
      return false;
    }
    throw error;
  }
}

/** The volume exists already: an error of its driver here must not fail the creation. */
async function describeCreated(
  context: VolumeContext,
  driver: CallableDriver,
  record: VolumeRecord,
  options: Cancellable,
): Promise<Volume> {
  try {
    const answer = await lookUp(driver, record.name, options);
    if (answer !== undefined)
      return await describeVolume(context, { driver, answer, record }, record.name, options);
  } catch (error) {
    context.logger.warn(
      { err: error, volume: record.name },
      'the driver cannot describe a volume that it has just created',
    );
  }
  return rememberedVolume(record);
}
