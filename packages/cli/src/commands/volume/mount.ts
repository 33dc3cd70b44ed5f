/**
 * `outboard volume mount` and `outboard volume unmount`: volumes for units and scripts, which no engine of containers mounts.
 */
import { mountVolume, unmountVolume } from '../../client/volume-api.ts';
import { CommandError } from '../../command-error.ts';
import { escapeText } from '../../terminal/escape-text.ts';
import type { CommandContext } from '../command-context.ts';

/** Flags of both commands. */
export interface MountFlags {
  /** Default: the daemon derives it from the systemd unit or the user of this process. */
  readonly holder?: string | undefined;
  readonly driver?: string | undefined;
}

/**
 * Mount a volume, and print nothing but its path on the host.
 * @throws {CommandError} for a path that is no single line of printable text: a script could read another path
 */
export async function mount(
  { client, host }: CommandContext,
  name: string,
  { holder, driver }: MountFlags,
): Promise<void> {
  const path = await mountVolume(client, name, { holder, driver });
  if (/\p{Cc}/u.test(path)) {
    throw new CommandError(`the path of volume ${name} has control characters: "${escapeText(path)}"`);
  }
  host.stdout.write(`${path}\n`);
}

/** Undo the mount of a holder. Without one nothing happens, so that a script can repeat it. */
export async function unmount(
  { client }: CommandContext,
  name: string,
  { holder, driver }: MountFlags,
): Promise<void> {
  await unmountVolume(client, name, { holder, driver });
}
