/**
 * List the volumes of all drivers. The drivers are queried in parallel, a bounded number at once, with a time limit. For a driver that fails, its stored
 * records are listed with a warning; Docker omits the volumes of a disabled plugin.
 */

import { type Cancellable, joinSignals, mapInTurns } from '@outboard/async';
import type { DriverVolume } from '@outboard/protocol';
import type { PluginDriver } from '../drivers/plugin-drivers.ts';
import { rememberedVolume, toVolume } from './describe-volume.ts';
import { callable, findDriver } from './locate-volume.ts';
import type { VolumeContext } from './volume-context.ts';
import { reasonOf } from './volume-errors.ts';
import { passesFilters } from './volume-filters.ts';
import { isVolumeName } from './volume-name.ts';
import type { VolumeRecord } from './volume-record.ts';
import type { Volume, VolumeFilters, VolumeList } from './volumes.ts';

/** One query of all drivers. */
interface Survey {
  readonly context: VolumeContext;
  /** Aborted by the caller or by the time limit. */
  readonly signal: AbortSignal;
  /** Decides if a volume is listed; it does not look at the mountpoint. */
  readonly passes: (volume: Volume) => boolean;
}

/** Bound on the warnings about one driver, whose list may have thousands of malformed entries. */
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
  // A cancelled call must fail, not return a partial list.
  given?.throwIfAborted();
  const volumes = lists
    .flatMap((list) => list.volumes)
    .sort((a, b) => (a.name === b.name ? compare(a.driver, b.driver) : compare(a.name, b.name)));
  return { volumes, warnings: lists.flatMap(({ warnings }) => warnings) };
}

/**
 * Query the enabled drivers and the drivers of stored records.
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
      .map((plugin) => askOrUseRecords(survey, plugin.name, async () => plugin)),
    ...others.filter(isWanted).map((driver) => {
      return askOrUseRecords(
        survey,
        driver,
        async () => (await findDriver(context, driver, { signal })).plugin,
      );
    }),
  ];
}

async function askOrUseRecords(
  survey: Survey,
  driver: string,
  find: () => Promise<PluginDriver>,
): Promise<VolumeList> {
  const { store, surveyTimeoutMs, surveyLimit } = survey.context;
  try {
    return await surveyLimit.run(async () => ask(survey, await find()), { signal: survey.signal });
  } catch (error) {
    const reason = survey.signal.aborted ? `no answer within ${surveyTimeoutMs / 1000} s` : reasonOf(error);
    return {
      volumes: (await mapInTurns(store.ofDriver(driver), rememberedVolume)).filter(survey.passes),
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
  const described = await mapInTurns(listed, (answer) => {
    const { name, createdAt } = answer;
    if (!isVolumeName(name)) return undefined;
    const known = context.store.get(name);
    const record = known?.driver === plugin.name ? known : undefined;
    const volume = toVolume({ name, driver: plugin.name, mountpoint: '', scope, createdAt, record });
    return { answer, volume, passes: passes(volume) };
  });
  const shown = described.filter((volume) => volume !== undefined);
  if (shown.length < listed.length) {
    warn(`left out volumes whose names cannot be shown: ${listed.length - shown.length}`);
  }
  const volumes = shown.filter((volume) => volume.passes);
  const allLost = await findLost(context, before, listed);
  context.unlisted.set(plugin.name, new Set(allLost.map(({ name }) => name)));
  const lost = allLost.filter(passes);
  for (const { name } of lost) {
    warn(`volume ${name}: its driver no longer lists it; remove it to release the plugin`);
  }
  return {
    volumes: [...(await withMountpoints(survey, plugin, volumes, warn)), ...lost],
    warnings: cut(warnings),
  };
}

interface ListedVolume {
  readonly answer: DriverVolume;
  readonly volume: Volume;
}

/** Recorded volumes that their driver no longer lists. They still count as references to the plugin. */
async function findLost(
  { store }: VolumeContext,
  before: readonly VolumeRecord[],
  listed: readonly DriverVolume[],
): Promise<readonly Volume[]> {
  const names = new Set(listed.map(({ name }) => name));
  const lost = await mapInTurns(before, (record) => {
    const isLost = !names.has(record.name) && store.get(record.name) === record;
    return isLost ? rememberedVolume(record) : undefined;
  });
  return lost.filter((volume) => volume !== undefined);
}

/** Resolve mountpoints. A path that cannot be resolved, or a file system that does not answer, costs only the mountpoint. */
async function withMountpoints(
  { signal, context }: Survey,
  plugin: PluginDriver,
  volumes: readonly ListedVolume[],
  warn: (warning: string) => void,
): Promise<readonly Volume[]> {
  const resolved = await plugin.toHostPaths(
    volumes.map(({ answer }) => answer.mountpoint),
    { signal },
  );
  let late = 0;
  const shown = await mapInTurns(volumes, ({ volume }, index) => {
    const path = resolved[index];
    if (path?.status === 'fulfilled') return { ...volume, mountpoint: path.value };
    if (signal.aborted && path?.reason === signal.reason) late += 1;
    else warn(`volume ${volume.name}: ${reasonOf(path?.reason)}`);
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

/** Tells if a volume has mounts. */
function usedVolumes({ mounts }: VolumeContext): (volume: Volume) => boolean {
  return ({ driver, name }) => mounts.idsOf(driver, name).length > 0;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}
