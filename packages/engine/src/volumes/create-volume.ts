/**
 * Create a volume: ask its driver for it, and only create it if there is none, as Docker does.
 * @see moby volume/service/store.go (28.x), create and checkConflict
 */
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
import type { Cancellable, VolumeContext } from './volume-context.ts';
import { asOperation, nameConflict, reasonOf } from './volume-errors.ts';
import { checkNewVolumeName, randomVolumeName } from './volume-name.ts';
import type { VolumeRecord } from './volume-record.ts';
import type { CreateVolumeRequest, TextMap, Volume } from './volumes.ts';

/** What clients ask for when their user names no driver. */
const defaultDriver = 'local';
/** Marks volumes that nobody named, which `prune` takes first. */
export const anonymousLabel = 'com.docker.volume.anonymous';

/** @see Volumes.create */
export async function createVolume(context: VolumeContext, request: CreateVolumeRequest): Promise<Volume> {
  const named = request.name === undefined ? makeAnonymous(request) : { ...request, name: request.name };
  checkNewVolumeName(named.name);
  const options = request.signal === undefined ? {} : { signal: request.signal };
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

/** The volume of that name, if there is one that the request may mean. */
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
    // Docker always has a driver of this name: whoever asks for it again is told of the one that has the volume.
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

/** Create it, or take over the one that the driver has already. */
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
    ...(request.labels === undefined ? {} : { labels: request.labels }),
    ...(request.options === undefined ? {} : { options: request.options }),
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

/** Any failure that the driver tells means that there is none, as in Docker: what is wrong, Create will tell. */
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

/** It exists by now: if its driver cannot tell of it, that is no failure to create it. */
async function describeCreated(
  context: VolumeContext,
  driver: CallableDriver,
  record: VolumeRecord,
  options: Cancellable,
): Promise<Volume> {
  try {
    const told = await lookUp(driver, record.name, options);
    if (told !== undefined)
      return await describeVolume(context, { driver, told, record }, record.name, options);
  } catch (error) {
    context.logger.warn({ err: error, volume: record.name }, 'the driver does not tell of a new volume');
  }
  return rememberedVolume(record);
}
