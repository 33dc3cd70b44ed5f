/**
 * Why a plugin does not run, in one line that an operator can act on.
 */
import { OutboardError } from '@outboard/oci';
import type { ContainerExit } from '../runtime/container.ts';

/** How many log lines a reason shows, and how many characters of them. */
const maxLines = 20;
const maxLineLength = 500;
const maxLinesLength = 4_000;

/** How a container ended, as the end of a sentence about a plugin. */
export function describeExit(exit: ContainerExit): string {
  if (exit.outOfMemory) return 'was killed because it ran out of memory';
  if (exit.signal !== undefined) return `was ended by ${exit.signal}`;
  if (exit.code !== undefined) return `exited with code ${exit.code}`;
  return 'ended, and no one knows how: its monitor had gone';
}

/** The last log lines, quoted so that they stay on one line; empty when there are none. */
export function describeLog(lines: readonly string[]): string {
  if (lines.length === 0) return '';
  const shown: string[] = [];
  let length = 0;
  // The latest lines tell most, so they are taken first.
  for (const line of lines.slice(-maxLines).toReversed()) {
    const quoted = JSON.stringify(line.slice(0, maxLineLength));
    length += quoted.length;
    if (length > maxLinesLength) break;
    shown.unshift(quoted);
  }
  return `; its last log lines: ${shown.join(', ')}`;
}

/** The error of a plugin that ended before its socket accepted a connection. */
export function exitedBeforeReady(
  name: string,
  options: { readonly exit: ContainerExit; readonly log: readonly string[]; readonly dialError: string },
): OutboardError {
  const { exit, log, dialError } = options;
  return new OutboardError(
    'system',
    `${dialError}: plugin "${name}" ${describeExit(exit)} before its socket accepted a connection${describeLog(log)}`,
    { code: 'plugin-exited', details: { ...exit, log } },
  );
}

/** The error of a plugin that runs and whose socket never accepted a connection. */
export function neverReady(
  name: string,
  options: {
    readonly timeoutMs: number;
    readonly log: readonly string[];
    readonly dialError: string;
    readonly cause: unknown;
  },
): OutboardError {
  const { timeoutMs, log, dialError, cause } = options;
  return new OutboardError(
    'system',
    `${dialError}: the socket of plugin "${name}" did not accept a connection within ${timeoutMs / 1000} s${describeLog(log)}`,
    { code: 'plugin-not-ready', cause, details: { timeoutMs, log } },
  );
}
