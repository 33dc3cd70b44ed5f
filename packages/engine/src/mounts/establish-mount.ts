/**
 * Calls a driver until the host sees its mount. Drivers miscount after crashes: sshfs answers with an unmounted directory
 * while its count is below zero, others take a mount that is gone for present. Calls of `Unmount` and `Mount` in turn bring
 * both kinds back.
 */
import { type Cancellable, joinSignals } from '@outboard/async';
import { isOutboardError, OutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import { type CheckedMount, type MountCheck, mountLost } from './mount-check.ts';
import type { MountingDriver, MountRequest } from './mount-ledger.ts';

/** Parts that calls take. */
export interface EstablishDeps {
  readonly check: Pick<MountCheck, 'check'>;
  readonly logger: Logger;
}

/** A mount and its path in the driver's mount namespace. */
export interface EstablishedMount extends CheckedMount {
  readonly mountpoint: string;
}

/** A mount to make. */
export interface WantedMount extends MountRequest {
  /** True if the driver takes the volume for mounted with this ID: `Unmount` comes first. */
  readonly isKnown: boolean;
  /** True if the volume was a mount before: a plain directory is none. */
  readonly wasMount: boolean;
}

/** Drivers whose `Unmount` always succeeds are counted further down by it. */
const maxAttempts = 6;
/** Limit of a call that undoes another one, of which no caller waits; in milliseconds. */
const undoMs = 10_000;

/**
 * Mount a volume. When this rejects, the driver's mounts of this call are undone.
 * @throws {OutboardError} the driver's error; as `MountCheck.check`; the reason of the signal
 */
export async function establishMount(
  driver: MountingDriver,
  wanted: WantedMount,
  deps: EstablishDeps,
  options: Cancellable,
): Promise<EstablishedMount> {
  let made = 0;
  let surplus = wanted.isKnown ? 1 : 0;
  for (let attempt = 1; ; attempt += 1) {
    // The second attempt begins at zero; the others lift a count that was below zero.
    if (surplus > 0) await undo(driver, wanted, surplus, deps.logger);
    try {
      const mountpoint = await callMount(driver, wanted, deps.logger, options);
      made += 1;
      return await checkMade(driver, { ...wanted, mountpoint }, deps, options);
    } catch (error) {
      const isHopeless = !isLost(error) || options.signal?.aborted === true;
      if (isHopeless || attempt === maxAttempts) {
        if (made > 0) await undo(driver, wanted, made, deps.logger);
        throw error;
      }
      deps.logger.warn({ err: error, volume: wanted.volume, attempt }, 'a volume is mounted again');
      surplus = attempt === 1 ? made + 1 : 0;
      if (surplus > 0) made = 0;
    }
  }
}

/**
 * Check a mount that was just made. If the plugin has ended in between, as for an upgrade, its mount may have outlived it: the
 * next call waits until the plugin serves again.
 */
async function checkMade(
  driver: MountingDriver,
  mount: WantedMount & { readonly mountpoint: string },
  deps: EstablishDeps,
  options: Cancellable,
): Promise<EstablishedMount> {
  try {
    return await checkMount(driver, mount, deps, options);
  } catch (error) {
    if (!isOutboardError(error) || error.code !== 'plugin-connection-lost') throw error;
    await driver.calls.path(mount.volume, options);
    return await checkMount(driver, mount, deps, options);
  }
}

/**
 * Check a path that a driver gave.
 * @throws {OutboardError} as `MountCheck.check`; system, code `mount-lost`, for a directory in place of a mount
 */
export async function checkMount(
  { plugin }: Pick<MountingDriver, 'plugin'>,
  {
    volume,
    mountpoint,
    wasMount,
  }: Pick<WantedMount, 'volume' | 'wasMount'> & { readonly mountpoint: string },
  { check }: Pick<EstablishDeps, 'check'>,
  options: Cancellable,
): Promise<EstablishedMount> {
  const checked = await check.check(plugin, mountpoint, options);
  if (checked.hostPath === '')
    throw new OutboardError('system', 'the driver does not report where it mounted the volume');
  if (!wasMount || checked.fileSystem !== '') return { ...checked, mountpoint };
  throw new OutboardError(
    'system',
    `the driver reports ${JSON.stringify(mountpoint)} for volume ${JSON.stringify(volume)}, where nothing is mounted any more`,
    { code: mountLost },
  );
}

/** True for the error of a mount that another `Mount` may repair. */
export function isLost(error: unknown): boolean {
  return isOutboardError(error) && error.code === mountLost;
}

/** `Unmount` calls whose failure only means that nothing was mounted. Never rejects, and is bounded. */
export async function undo(
  { calls }: Pick<MountingDriver, 'calls'>,
  { volume, id }: MountRequest,
  times: number,
  logger: Logger,
): Promise<void> {
  using limit = joinSignals([], { timeoutMs: undoMs });
  for (let call = 0; call < times; call += 1) {
    try {
      await calls.unmount(volume, id, { signal: limit.signal });
    } catch (error) {
      logger.warn({ err: error, volume, id }, 'cannot undo a mount');
      return;
    }
  }
}

/** One `Mount` call. One whose result is unknown is undone. @returns the mount point that the driver reports */
async function callMount(
  driver: MountingDriver,
  wanted: MountRequest,
  logger: Logger,
  options: Cancellable,
): Promise<string> {
  const { volume, id } = wanted;
  try {
    const path = await driver.calls.mount(volume, id, options);
    return path === '' ? await driver.calls.path(volume, options) : path;
  } catch (error) {
    if (mayHaveMounted(error)) await undo(driver, wanted, 1, logger);
    throw error;
  }
}

/** Errors of a call that never reached the driver, or that the driver refused. */
const refused: readonly (string | undefined)[] = [
  'plugin-error',
  'plugin-not-ready',
  'plugin-failed',
  'plugin-disabled',
  'socket-missing',
  'socket-refused',
];

function mayHaveMounted(error: unknown): boolean {
  return !isOutboardError(error) || !refused.includes(error.code);
}
