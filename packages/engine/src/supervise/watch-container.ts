/**
 * Watches one run of a plugin from the moment that it is ready until its container has ended, by itself or because it is
 * unhealthy.
 */

import { type Clock, joinSignals, pause, resolveOnAbort, withResolvers } from '@outboard/async';
import type { Container, ContainerExit, EndedContainer } from '@outboard/container';
import type { Logger } from 'pino';
import type { HealthCheck } from '../config/plugin-options.ts';
import { endContainer } from './end-container.ts';
import { type HealthProbe, type HealthWatch, watchHealth } from './health-check.ts';
import {
  damagedFailure,
  endedFailure,
  type LogTail,
  outOfMemoryFailure,
  type PluginFailure,
  shownLogLines,
  unhealthyFailure,
} from './plugin-failure.ts';

/** Parts and callbacks of one watch. */
export interface RunWatch {
  /** Absent for plugins without a health check. */
  readonly health?: { readonly check: HealthCheck; readonly probe: HealthProbe } | undefined;
  /** True if the restart policy permits a restart; otherwise an unhealthy plugin is left running. */
  readonly mayRestart: () => boolean;
  readonly graceMs: () => number;
  readonly onUnhealthy: (reason: string) => void;
  readonly onHealthy: () => void;
  /** Finds deleted surroundings, as a sentence; undefined when nothing was deleted. */
  readonly findDamage: (options: { readonly signal: AbortSignal }) => Promise<string | undefined>;
  /** The kernel killed a process of the plugin for lack of memory, and the container still runs. */
  readonly onOutOfMemory: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends the watch; the container goes on running. */
  readonly signal: AbortSignal;
}

/** Between checks for deleted surroundings: inotify reports a deletion in the watched directory only, not above it. */
const damageIntervalMs = 3_000;

/** Makes the failure of a container that is ended while it runs, from the tail of its log. */
type MakeFailure = (tail: LogTail) => PluginFailure;

/** Wait for the end of a run. @returns the cause; undefined when the watch was ended first */
export async function watchContainer(
  container: Container,
  watch: RunWatch,
): Promise<PluginFailure | undefined> {
  const scope = new AbortController();
  using joined = joinSignals([watch.signal, scope.signal]);
  const { signal } = joined;
  const { promise: condemned, resolve: condemn } = withResolvers<MakeFailure>();
  if (watch.health !== undefined) void watchHealth(healthWatch(watch.health, watch, signal, condemn));
  void watchSurroundings(container.id, watch, signal, condemn);
  const stopListening = container.onOutOfMemory(() => {
    watch.onOutOfMemory();
    if (watch.mayRestart()) condemn(outOfMemoryFailure);
  });
  try {
    const ended = await resolveOnAbort(Promise.race([container.exited, condemned]), signal);
    if (ended === undefined) return undefined;
    if (typeof ended !== 'function') return await failureOf(container, ended, watch);
    await endContainer(container, watch.graceMs(), { signal: watch.signal });
    // The watch was ended meanwhile: the container may go on running under another owner.
    if (watch.signal.aborted) return undefined;
    return ended(await readLogTail(container, watch));
  } finally {
    stopListening();
    scope.abort();
  }
}

/**
 * Check the surroundings until the plugin is condemned or the signal is aborted. A plugin that is not restarted may
 * make its socket again later. Never rejects.
 */
async function watchSurroundings(
  id: string,
  watch: RunWatch,
  signal: AbortSignal,
  condemn: (makeFailure: MakeFailure) => void,
): Promise<void> {
  let reported: string | undefined;
  while (!signal.aborted) {
    const damage = await watch.findDamage({ signal }).catch((error: unknown) => {
      watch.logger.error({ err: error, id }, 'cannot check the files of a running plugin');
      return reported;
    });
    if (signal.aborted) return;
    if (damage !== undefined && damage !== reported) watch.onUnhealthy(damage);
    if (damage === undefined && reported !== undefined) watch.onHealthy();
    reported = damage;
    if (damage !== undefined && watch.mayRestart()) {
      condemn((tail) => damagedFailure(damage, tail));
      return;
    }
    await pause(damageIntervalMs, signal);
  }
}

function healthWatch(
  health: NonNullable<RunWatch['health']>,
  watch: RunWatch,
  signal: AbortSignal,
  condemn: (makeFailure: MakeFailure) => void,
): HealthWatch {
  return {
    ...health,
    signal,
    onHealthy: watch.onHealthy,
    onUnhealthy: (reason: string) => {
      watch.onUnhealthy(reason);
      if (health.check.restarts === true && watch.mayRestart()) {
        condemn((tail) => unhealthyFailure(reason, tail));
      }
    },
  };
}

/** The failure of a container that has ended, with the tail of its log. */
export async function failureOf(
  container: Container | EndedContainer,
  exit: ContainerExit,
  deps: Pick<RunWatch, 'clock' | 'logger'>,
): Promise<PluginFailure> {
  return endedFailure(exit, await readLogTail(container, deps));
}

/** A log that cannot be read counts as empty: it explains the end, and decides nothing. */
async function readLogTail(
  container: Container | EndedContainer,
  { clock, logger }: Pick<RunWatch, 'clock' | 'logger'>,
): Promise<LogTail> {
  const at = clock.now();
  try {
    return { at, log: await container.readLogTail(shownLogLines) };
  } catch (error) {
    logger.warn({ err: error, id: container.id }, 'cannot read the log of a plugin');
    return { at, log: [] };
  }
}
