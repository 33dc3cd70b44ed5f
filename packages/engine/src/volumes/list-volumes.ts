/**
 * List the volumes of all drivers. They are asked at the same time, each for a bounded time; of one that fails, what is
 * remembered is listed instead, and a warning says why. Docker leaves the volumes of a disabled plugin out.
 */

import { joinSignals } from '@outboard/async';
import type { DriverVolume } from '@outboard/protocol';
import type { PluginDriver } from '../drivers/plugin-drivers.ts';
import { rememberedVolume, toVolume } from './describe-volume.ts';
import { callable, findDriver } from './locate-volume.ts';
import type { Cancellable, VolumeContext } from './volume-context.ts';
import { reasonOf } from './volume-errors.ts';
import { passesFilters } from './volume-filters.ts';
import type { DriverMounts } from './volume-mounts.ts';
import { isVolumeName } from './volume-name.ts';
import type { VolumeRecord } from './volume-record.ts';
import type { Volume, VolumeFilters, VolumeList } from './volumes.ts';

/** One survey of all drivers. */
interface Survey {
  readonly context: VolumeContext;
  /** Ends it: by the caller, or because the time is up. */
  readonly signal: AbortSignal;
  /** Whether a volume is to be listed; its mountpoint need not be known. */
  readonly passes: (volume: Volume) => boolean;
}

/** Warnings about one driver; a list of thousands of odd entries says the same thousands of times. */
const maxWarnings = 16;

/** @see Volumes.list */
export async function listVolumes(
  context: VolumeContext,
  filters: VolumeFilters,
  { signal: given }: Cancellable,
): Promise<VolumeList> {
  using limit = joinSignals([given], { timeoutMs: context.surveyTimeoutMs });
  const { signal } = limit;
  const isUsed = usedVolumes(context);
  const passes = (volume: Volume) => passesFilters(volume, filters, isUsed);
  const survey: Survey = { context, signal, passes };
  const lists = await Promise.all(await askDrivers(survey, filters.drivers ?? []));
  // What was cancelled has no answer, not a short one.
  given?.throwIfAborted();
  const volumes = lists
    .flatMap((list) => list.volumes)
    .sort((a, b) => (a.name === b.name ? compare(a.driver, b.driver) : compare(a.name, b.name)));
  return { volumes, warnings: lists.flatMap(({ warnings }) => warnings) };
}

/**
 * Ask the enabled drivers, and those whose volumes are remembered.
 * @param wanted their names; empty means all
 */
async function askDrivers(
  survey: Survey,
  wanted: readonly string[],
): Promise<readonly Promise<VolumeList>[]> {
  const { context, signal } = survey;
  const isWanted = (driver: string) => wanted.length === 0 || wanted.includes(driver);
  const plugins = await context.drivers.all('volumedriver', { signal });
  const known = new Set(plugins.map(({ name }) => name));
  const others = context.store.drivers().filter((driver) => !known.has(driver));
  return [
    ...plugins
      .filter(({ name }) => isWanted(name))
      .map((plugin) => askOrRemember(survey, plugin.name, async () => plugin)),
    ...others.filter(isWanted).map((driver) => {
      return askOrRemember(
        survey,
        driver,
        async () => (await findDriver(context, driver, { signal })).plugin,
      );
    }),
  ];
}

async function askOrRemember(
  survey: Survey,
  driver: string,
  find: () => Promise<PluginDriver>,
): Promise<VolumeList> {
  const { store, surveyTimeoutMs } = survey.context;
  try {
    return await ask(survey, await find());
  } catch (error) {
    const reason = survey.signal.aborted ? `no answer within ${surveyTimeoutMs / 1000} s` : reasonOf(error);
    return {
      volumes: store.ofDriver(driver).map(rememberedVolume).filter(survey.passes),
      warnings: [`list ${driver}: ${reason}`],
    };
  }
}

async function ask(survey: Survey, plugin: PluginDriver): Promise<VolumeList> {
  const { context, signal, passes } = survey;
  const driver = callable(plugin);
  const warnings: string[] = [];
  const warn = (warning: string) => void warnings.push(`list ${plugin.name}: ${warning}`);
  const before = context.store.ofDriver(plugin.name);
  const [listed, scope] = await Promise.all([
    driver.calls.list({ signal, warn }),
    context.scopes.of(driver, { signal }),
  ]);
  const shown = listed.filter(({ name }) => isVolumeName(name));
  if (shown.length < listed.length) {
    warn(`left out volumes whose names cannot be shown: ${listed.length - shown.length}`);
  }
  const volumes = shown.flatMap((told): readonly ListedVolume[] => {
    const { name, createdAt } = told;
    const known = context.store.get(name);
    const record = known?.driver === plugin.name ? known : undefined;
    const volume = toVolume({ name, driver: plugin.name, mountpoint: '', scope, createdAt, record });
    return passes(volume) ? [{ told, volume }] : [];
  });
  const lost = findLost(context, before, shown).filter((volume) => passes(volume));
  for (const { name } of lost) {
    warn(`volume ${name}: the driver does not list it any more; removing it lets go of the plugin`);
  }
  return {
    volumes: [...(await withMountpoints(survey, plugin, volumes, warn)), ...lost],
    warnings: cut(warnings),
  };
}

interface ListedVolume {
  readonly told: DriverVolume;
  readonly volume: Volume;
}

/** Volumes that were created here and still count as uses of their plugin, though their driver lists them no more. */
function findLost(
  { store }: VolumeContext,
  before: readonly VolumeRecord[],
  listed: readonly DriverVolume[],
): readonly Volume[] {
  const names = new Set(listed.map(({ name }) => name));
  return before
    .filter((record) => !names.has(record.name) && store.get(record.name) === record)
    .map(rememberedVolume);
}

/** One bad path must not hide the other volumes, nor a file system that does not answer. */
async function withMountpoints(
  { signal, context }: Survey,
  plugin: PluginDriver,
  volumes: readonly ListedVolume[],
  warn: (warning: string) => void,
): Promise<readonly Volume[]> {
  const places = await plugin.toHostPaths(
    volumes.map(({ told }) => told.mountpoint),
    { signal },
  );
  let late = 0;
  const shown = volumes.map(({ volume }, index) => {
    const place = places[index];
    if (place?.status === 'fulfilled') return { ...volume, mountpoint: place.value };
    if (signal.aborted && place?.reason === signal.reason) late += 1;
    else warn(`volume ${volume.name}: ${reasonOf(place?.reason)}`);
    return volume;
  });
  if (late > 0) {
    warn(`no mountpoint of ${late} volumes: not found within ${context.surveyTimeoutMs / 1000} s`);
  }
  return shown;
}

function cut(warnings: readonly string[]): readonly string[] {
  const left = warnings.length - maxWarnings;
  return left <= 0 ? warnings : [...warnings.slice(0, maxWarnings), `and ${left} more warnings`];
}

/** Whether a volume is used; who mounts what is looked up once for each driver. */
function usedVolumes({ mounts }: VolumeContext): (volume: Volume) => boolean {
  const byDriver = new Map<string, DriverMounts>();
  return ({ driver, name }) => {
    const ofDriver = byDriver.get(driver) ?? mounts.of(driver);
    byDriver.set(driver, ofDriver);
    return ofDriver.idsOf(name).length > 0;
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}
