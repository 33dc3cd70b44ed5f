/**
 * A host volume plugin of Nomad: a program in its plugin directory for each volume plugin. Nomad runs it with the operation
 * as its argument and with nothing in the environment but the volume, not even a PATH.
 * @see https://developer.hashicorp.com/nomad/plugins/author/host-volume
 */
import type { ConnectablePlugin } from '../consumer-kind.ts';

/** A command line that reaches the daemon. */
export interface OutboardCommand {
  /** Program and first arguments of the command line, with absolute paths. */
  readonly program: readonly string[];
  /** Address of the daemon's API. */
  readonly host: string;
}

/** Text of the program. */
export function hostVolumePlugin(
  { name }: Pick<ConnectablePlugin, 'name'>,
  { program, host }: OutboardCommand,
): string {
  const command = [...program, '--host', host, 'nomad-volume', '--driver', name].map(shellWord).join(' ');
  return [
    '#!/bin/sh',
    `# From Outboard, for its plugin ${JSON.stringify(name)}. "outboard disconnect nomad" removes it.`,
    `exec ${command} "$1"`,
    '',
  ].join('\n');
}

/** @see POSIX.1-2017, Shell Command Language, 2.2.2 Single-Quotes */
function shellWord(text: string): string {
  return /^[\w./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
