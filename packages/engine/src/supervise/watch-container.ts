/**
 * One run of a plugin, from the moment that it is ready until it has ended, by itself or because it was unhealthy.
 */

import { type Clock, joinSignals, pause, resolveOnAbort, withResolvers } from '@outboard/async';
import type { Container, ContainerExit, EndedContainer } from '@outboard/container';
import type { Logger } from 'pino';
import type { HealthCheck } from '../config/plugin-options.ts';
import { endContainer } from './end-container.ts';
import { type HealthProbe, watchHealth } from './health-check.ts';
import {
  damagedFailure,
  endedFailure,
  type LastWords,
  outOfMemoryFailure,
  type PluginFailure,
  shownLogLines,
  unhealthyFailure,
} from './plugin-failure.ts';

/** What a run is watched with. */
export interface RunWatch {
  /** Absent when the plugin's health is not asked for. */
  readonly health?: { readonly check: HealthCheck; readonly probe: HealthProbe };
  /** Whether an unhealthy plugin is to be ended, if its check says so: nobody would start it again otherwise. */
  readonly maySacrifice: () => boolean;
  readonly graceMs: () => number;
  readonly onUnhealthy: (reason: string) => void;
  readonly onHealthy: () => void;
  /** What of its place on the host was deleted, as a sentence; undefined when all is there. */
  readonly findDamage: (options: { readonly signal: AbortSignal }) => Promise<string | undefined>;
  /** A process of it was killed for want of memory, and it runs on. */
  readonly onOutOfMemory: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends the watch; the container runs on. */
  readonly signal: AbortSignal;
}

/** Deletion has events, but only for the folder that is watched, not for those above it. */
const placeIntervalMs = 3_000;

/** Why a container is ended that runs: a failure, once its last words are known. */
type Sacrifice = (lastWords: LastWords) => PluginFailure;

/** Wait for the end of a run. @returns why it ended, or undefined when the watch was ended first */
export async function watchContainer(
  container: Container,
  watch: RunWatch,
): Promise<PluginFailure | undefined> {
  const scope = new AbortController();
  using joined = joinSignals([watch.signal, scope.signal]);
  const { signal } = joined;
  const { promise: sacrificed, resolve: sacrifice } = withResolvers<Sacrifice>();
  if (watch.health !== undefined) void watchHealth(healthWatch(watch.health, watch, signal, sacrifice));
  void watchPlace(container.id, watch, signal, sacrifice);
  const stopListening = container.onOutOfMemory(() => {
    watch.onOutOfMemory();
    if (watch.maySacrifice()) sacrifice(outOfMemoryFailure);
  });
  try {
    const ended = await resolveOnAbort(Promise.race([container.exited, sacrificed]), signal);
    if (ended === undefined) return undefined;
    if (typeof ended !== 'function') return await failureOf(container, ended, watch);
    await endContainer(container, watch.graceMs(), { signal: watch.signal });
    // It may run on then, and is someone else's.
    if (watch.signal.aborted) return undefined;
    return ended(await lastWords(container, watch));
  } finally {
    stopListening();
    scope.abort();
  }
}

/**
 * Looks again and again until the plugin is sacrificed or the signal is aborted. One that is not may make its socket again
 * later. Never rejects.
 */
async function watchPlace(
  id: string,
  watch: RunWatch,
  signal: AbortSignal,
  sacrifice: (why: Sacrifice) => void,
): Promise<void> {
  let told: string | undefined;
  while (!signal.aborted) {
    const damage = await watch.findDamage({ signal }).catch((error: unknown) => {
      watch.logger.error({ err: error, id }, 'cannot look whether a plugin still has its place');
      return told;
    });
    if (signal.aborted) return;
    if (damage !== undefined && damage !== told) watch.onUnhealthy(damage);
    if (damage === undefined && told !== undefined) watch.onHealthy();
    told = damage;
    if (damage !== undefined && watch.maySacrifice()) {
      sacrifice((words) => damagedFailure(damage, words));
      return;
    }
    await pause(placeIntervalMs, signal);
  }
}

function healthWatch(
  health: NonNullable<RunWatch['health']>,
  watch: RunWatch,
  signal: AbortSignal,
  sacrifice: (why: Sacrifice) => void,
) {
  return {
    ...health,
    signal,
    onHealthy: watch.onHealthy,
    onUnhealthy: (reason: string) => {
      watch.onUnhealthy(reason);
      if (health.check.restarts === true && watch.maySacrifice()) {
        sacrifice((words) => unhealthyFailure(reason, words));
      }
    },
  };
}

/** Why a container that has ended is a failure, with its last words. */
export async function failureOf(
  container: Container | EndedContainer,
  exit: ContainerExit,
  parts: Pick<RunWatch, 'clock' | 'logger'>,
): Promise<PluginFailure> {
  return endedFailure(exit, await lastWords(container, parts));
}

/** The log explains an end, it does not decide what follows: one that cannot be read is empty. */
async function lastWords(
  container: Container | EndedContainer,
  { clock, logger }: Pick<RunWatch, 'clock' | 'logger'>,
): Promise<LastWords> {
  const at = clock.now();
  try {
    return { at, log: await container.readLogTail(shownLogLines) };
  } catch (error) {
    logger.warn({ err: error, id: container.id }, 'cannot read the log of a plugin');
    return { at, log: [] };
  }
}
