/**
 * `outboard debug`: a shell with the programs of the host in the namespaces of a plugin, for plugins without a shell.
 */
import { openDebug } from '../client/runtime-api.ts';
import { CommandError } from '../command-error.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';
import { runConnected, type StreamFlags } from './exec.ts';

/** Flags of `outboard debug`. */
export interface DebugOptions extends StreamFlags {
  /** Only `none`: the programs are those of the host. */
  readonly image?: string | undefined;
}

/** Run a program of the host beside a plugin, by default a shell. @throws as `exec` */
export async function debug(
  context: CommandContext,
  name: string,
  command: readonly string[],
  options: DebugOptions,
): Promise<void> {
  const { image = 'none' } = options;
  if (image !== 'none') {
    throw new CommandError(
      `--image ${escapeText(image)} is not supported: the programs are those of the host (--image none)`,
      { exitCode: 125 },
    );
  }
  if (options.tty === true && options.interactive === true) {
    context.host.stderr.write(
      `Debugging ${escapeText(name)} with its privileges, in its pid, network, ipc and uts namespaces; its root is /plugin\n`,
    );
  }
  await runConnected(context, command, options, (body) => openDebug(context.client, name, body));
}
