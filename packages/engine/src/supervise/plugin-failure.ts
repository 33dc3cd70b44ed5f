/**
 * Why a plugin does not run, in words that an operator can act on.
 */

import type { ContainerExit } from '@outboard/container';
import { isOutboardError, OutboardError } from '@outboard/oci';

/** One time that a plugin could not be started, or ended without being told to. */
export interface PluginFailure {
  readonly at: Date;
  /** One line; nothing of the plugin's own output. */
  readonly reason: string;
  /** How its process ended; absent when it never had one, or had not ended. */
  readonly exit?: ContainerExit;
  /** The last lines of its output, oldest first: at most 20, and what they may hold is the plugin's. */
  readonly log: readonly string[];
}

/** How many log lines a failure shows, and how many characters of them. */
export const shownLogLines = 20;
const maxLineLength = 500;
const maxLinesLength = 4_000;

/** How a container ended, as the end of a sentence about a plugin. */
export function describeExit(exit: ContainerExit): string {
  if (exit.outOfMemory && exit.signal === 'SIGKILL') return 'was killed because it ran out of memory';
  const remark = exit.outOfMemory ? ', after a process of it was killed because memory ran out' : '';
  if (exit.signal !== undefined) return `was ended by ${exit.signal}${remark}`;
  if (exit.code !== undefined) return `exited with code ${exit.code}${remark}`;
  return `ended, and no one knows how: its monitor had gone${remark}`;
}

/** The last log lines, quoted so that they stay on one line; empty when there are none. */
export function describeLog(lines: readonly string[]): string {
  const shown = boundLog(lines).map((line) => JSON.stringify(line));
  return shown.length === 0 ? '' : `; its last log lines: ${shown.join(', ')}`;
}

/** As many of the last lines as a failure shows, long ones cut. */
export function boundLog(lines: readonly string[]): readonly string[] {
  const shown: string[] = [];
  let length = 0;
  // The latest lines tell most, so they are taken first.
  for (const line of lines.slice(-shownLogLines).toReversed()) {
    const cut = line.slice(0, maxLineLength);
    length += JSON.stringify(cut).length;
    if (length > maxLinesLength) break;
    shown.unshift(cut);
  }
  return shown;
}

/** What a plugin said before it failed. */
export interface LastWords {
  readonly at: Date;
  readonly log: readonly string[];
}

/** A plugin that ran and has ended. */
export function endedFailure(exit: ContainerExit, { at, log }: LastWords): PluginFailure {
  return { at, reason: `the plugin ${describeExit(exit)}`, exit, log: boundLog(log) };
}

/** A plugin that ended before its socket accepted a connection. */
export function exitedBeforeReady(
  name: string,
  exit: ContainerExit,
  { at, log, dialError }: LastWords & { readonly dialError: string },
): PluginFailure {
  const how = `plugin "${name}" ${describeExit(exit)} before its socket accepted a connection`;
  return { at, reason: `${dialError}: ${how}`, exit, log: boundLog(log) };
}

/** A plugin that runs and whose socket never accepted a connection. */
export function neverReady(
  name: string,
  timeoutMs: number,
  { at, log, dialError }: LastWords & { readonly dialError: string },
): PluginFailure {
  const how = `the socket of plugin "${name}" did not accept a connection within ${timeoutMs / 1000} s`;
  return { at, reason: `${dialError}: ${how}`, log: boundLog(log) };
}

/** A plugin that was ended because it failed its health check. */
export function unhealthyFailure(reason: string, { at, log }: LastWords): PluginFailure {
  return { at, reason: `the plugin was stopped because it was unhealthy: ${reason}`, log: boundLog(log) };
}

/** A plugin that was ended because no one could reach it any more. @param damage a sentence */
export function damagedFailure(damage: string, { at, log }: LastWords): PluginFailure {
  return { at, reason: `the plugin was stopped because ${damage}`, log: boundLog(log) };
}

/** A plugin that was ended because one of its processes was: what that did is not done any more. */
export function outOfMemoryFailure({ at, log }: LastWords): PluginFailure {
  const reason = 'the plugin was stopped because a process of it was killed when memory ran out';
  return { at, reason, log: boundLog(log) };
}

/** A plugin for which no container came to run. */
export function launchFailure(error: unknown, at: Date): PluginFailure {
  const reason = isOutboardError(error) ? error.details?.reason : undefined;
  if (typeof reason === 'string') return { at, reason, log: [] };
  return { at, reason: error instanceof Error ? error.message : String(error), log: [] };
}

/**
 * The error of whoever waited for the plugin. Its message ends with what the plugin printed, which is for that one
 * only; `details.reason` is the message without it, for logs.
 */
export function toError(failure: PluginFailure): OutboardError {
  const { reason, exit, log } = failure;
  return new OutboardError('system', `${reason}${describeLog(log)}`, {
    code: exit === undefined ? 'plugin-not-ready' : 'plugin-exited',
    details: { reason, ...exit },
  });
}
