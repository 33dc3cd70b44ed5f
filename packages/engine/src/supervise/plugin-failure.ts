/**
 * Failures of plugins: their causes as texts for operators.
 */

import type { ContainerExit } from '@outboard/container';
import { type Codec, codec, type Given, isOutboardError, OutboardError, type ValueOf } from '@outboard/oci';

const { field, optionalField, requiredText } = codec;

const exitCodec: Codec<ContainerExit> = codec.object({
  code: optionalField('code', codec.wholeNumber(0, Number.MAX_SAFE_INTEGER)),
  signal: optionalField('signal', requiredText),
  outOfMemory: field('outOfMemory', codec.required(codec.flag)),
});

/** The table of a failure, which is kept on disk. */
export const failureCodec = codec.object({
  at: field('at', codec.instant),
  /** One line, without the plugin's own output. */
  reason: field('reason', requiredText),
  /** Exit of its process; absent when it had none, or it was still running. */
  exit: optionalField('exit', exitCodec),
  /** The last lines of its output, oldest first, at most 20; the plugin's own text, which may hold secrets. */
  log: field('log', codec.required(codec.listOrEmpty(requiredText))),
});

/** A start that failed, or an end that nothing asked for. */
export type PluginFailure = Given<ValueOf<typeof failureCodec>>;

/** Bounds on the log lines of a failure: their number, and the characters of one and of all. */
export const shownLogLines = 20;
const maxLineLength = 500;
const maxLinesLength = 4_000;

/** An exit as the end of a sentence about a plugin. */
export function describeExit(exit: ContainerExit): string {
  if (exit.outOfMemory && exit.signal === 'SIGKILL') return 'was killed because it ran out of memory';
  const remark = exit.outOfMemory ? ', after a process of it was killed because memory ran out' : '';
  if (exit.signal !== undefined) return `was ended by ${exit.signal}${remark}`;
  if (exit.code !== undefined) return `exited with code ${exit.code}${remark}`;
  return `ended, and no one knows how: its monitor had gone${remark}`;
}

/** The last log lines, quoted to stay on one line; '' when there are none. */
export function describeLog(lines: readonly string[]): string {
  const shown = boundLog(lines).map((line) => JSON.stringify(line));
  return shown.length === 0 ? '' : `; its last log lines: ${shown.join(', ')}`;
}

/** The last lines within the bounds of a failure; long ones are cut. */
export function boundLog(lines: readonly string[]): readonly string[] {
  const shown: string[] = [];
  let length = 0;
  // The last lines are the most useful: they are taken first.
  for (const line of lines.slice(-shownLogLines).toReversed()) {
    const cut = line.slice(0, maxLineLength);
    length += JSON.stringify(cut).length;
    if (length > maxLinesLength) break;
    shown.unshift(cut);
  }
  return shown;
}

/** The tail of a plugin's log, read when it failed. */
export interface LogTail {
  readonly at: Date;
  readonly log: readonly string[];
}

/** The failure of a plugin that ran and has ended. */
export function endedFailure(exit: ContainerExit, { at, log }: LogTail): PluginFailure {
  return { at, reason: `the plugin ${describeExit(exit)}`, exit, log: boundLog(log) };
}

/** The failure of a plugin that ended before its socket accepted a connection. */
export function exitedBeforeReady(
  name: string,
  exit: ContainerExit,
  { at, log, dialError }: LogTail & { readonly dialError: string },
): PluginFailure {
  const how = `plugin "${name}" ${describeExit(exit)} before its socket accepted a connection`;
  return { at, reason: `${dialError}: ${how}`, exit, log: boundLog(log) };
}

/** The failure of a running plugin whose socket never accepted a connection. */
export function neverReady(
  name: string,
  timeoutMs: number,
  { at, log, dialError }: LogTail & { readonly dialError: string },
): PluginFailure {
  const how = `the socket of plugin "${name}" did not accept a connection within ${timeoutMs / 1000} s`;
  return { at, reason: `${dialError}: ${how}`, log: boundLog(log) };
}

/** The failure of a plugin that was ended because it failed its health check. */
export function unhealthyFailure(reason: string, { at, log }: LogTail): PluginFailure {
  return { at, reason: `the plugin was stopped because it was unhealthy: ${reason}`, log: boundLog(log) };
}

/** The failure of a plugin that was ended because it had become unreachable. @param damage a sentence */
export function damagedFailure(damage: string, { at, log }: LogTail): PluginFailure {
  return { at, reason: `the plugin was stopped because ${damage}`, log: boundLog(log) };
}

/** The failure of a plugin that was ended because it had lost one of its processes. */
export function outOfMemoryFailure({ at, log }: LogTail): PluginFailure {
  const reason = 'the plugin was stopped because a process of it was killed when memory ran out';
  return { at, reason, log: boundLog(log) };
}

/** The failure of a plugin whose container was never started. */
export function launchFailure(error: unknown, at: Date): PluginFailure {
  const reason = isOutboardError(error) ? error.details?.reason : undefined;
  if (typeof reason === 'string') return { at, reason, log: [] };
  return { at, reason: error instanceof Error ? error.message : String(error), log: [] };
}

/**
 * The error for the operator who started the plugin. Its message ends with the plugin's output, which may hold secrets:
 * logs use `details.reason`, the message without the output.
 */
export function toError(failure: PluginFailure): OutboardError {
  const { reason, exit, log } = failure;
  return new OutboardError('system', `${reason}${describeLog(log)}`, {
    code: exit === undefined ? 'plugin-not-ready' : 'plugin-exited',
    details: { reason, ...exit },
  });
}
