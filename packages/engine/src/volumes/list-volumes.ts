/**
 * List the volumes of all drivers. They are asked at the same time, each for a bounded time; of one that fails, what is
 * remembered is listed instead, and a warning says why. Docker leaves the volumes of a disabled plugin out.
 */
import type { PluginDriver } from '../drivers/plugin-drivers.ts';
import type { DriverVolume } from '../protocol/volume-driver.ts';
import { createLimiter, type Limiter } from '../supervise/limiter.ts';
import { rememberedVolume, toVolume } from './describe-volume.ts';
import { callable, findDriver } from './locate-volume.ts';
import type { Cancellable, VolumeContext } from './volume-context.ts';
import { reasonOf } from './volume-errors.ts';
import { passesFilters } from './volume-filters.ts';
import type { DriverMounts } from './volume-mounts.ts';
import { isVolumeName } from './volume-name.ts';
import type { Volume, VolumeFilters, VolumeList } from './volumes.ts';

/** One survey of all drivers. */
interface Survey {
  readonly context: VolumeContext;
  /** Ends it: by the caller, or because the time is up. */
  readonly signal: AbortSignal;
  /** Whether a volume is to be listed; its mountpoint need not be known. */
  readonly passes: (volume: Volume) => boolean;
  /** A path in a file system that a plugin mounted takes a process to look up. */
  readonly pathLimiter: Limiter;
}

const pathsAtOnce = 8;

/** @see Volumes.list */
export async function listVolumes(
  context: VolumeContext,
  filters: VolumeFilters,
  { signal: given }: Cancellable,
): Promise<VolumeList> {
  const limit = AbortSignal.timeout(context.surveyTimeoutMs);
  const signal = given === undefined ? limit : AbortSignal.any([given, limit]);
  const isUsed = usedVolumes(context);
  const passes = (volume: Volume) => passesFilters(volume, filters, isUsed);
  const survey: Survey = { context, signal, passes, pathLimiter: createLimiter(pathsAtOnce) };
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
  const { calls } = callable(plugin);
  const [listed, { scope }] = await Promise.all([calls.list({ signal }), calls.capabilities({ signal })]);
  const shown = listed.filter(({ name }) => isVolumeName(name));
  const warnings: string[] = [];
  if (shown.length < listed.length) {
    const hidden = listed.length - shown.length;
    warnings.push(`list ${plugin.name}: left out volumes whose names cannot be shown: ${hidden}`);
  }
  const volumes = shown.map(async (told): Promise<Volume | undefined> => {
    const { name, createdAt } = told;
    const known = context.store.get(name);
    const record = known?.driver === plugin.name ? known : undefined;
    const volume = toVolume({ name, driver: plugin.name, mountpoint: '', scope, createdAt, record });
    if (!passes(volume)) return undefined;
    return { ...volume, mountpoint: await hostPathOrNone(survey, plugin, told, warnings) };
  });
  return { volumes: (await Promise.all(volumes)).filter((volume) => volume !== undefined), warnings };
}

/** One bad path must not hide the other volumes. */
async function hostPathOrNone(
  { pathLimiter, signal }: Survey,
  plugin: PluginDriver,
  { name, mountpoint }: DriverVolume,
  warnings: string[],
): Promise<string> {
  if (mountpoint === '') return '';
  try {
    return await pathLimiter.run(() => plugin.toHostPath(mountpoint, { signal }), { signal });
  } catch (error) {
    signal.throwIfAborted();
    warnings.push(`list ${plugin.name}: volume ${name}: ${reasonOf(error)}`);
    return '';
  }
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
