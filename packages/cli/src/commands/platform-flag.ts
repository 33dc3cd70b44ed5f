/**
 * The flag of commands that choose a platform: of a plugin for several, and of a plugin for another host.
 */
import type { Option } from 'commander';
import type { EngineClient } from '../client/engine-client.ts';
import { requireOutboard } from '../client/own-route.ts';
import { option } from './command-row.ts';

/** Value of the flag. */
export interface PlatformFlag {
  /** `OS/ARCH[/VARIANT]`; default that of the daemon's host. */
  readonly platform?: string | undefined;
}

/** The option `--platform`. */
export function platformOption(help = 'another platform than that of the host, such as linux/arm64'): Option {
  return option('--platform <os/arch>', help);
}

/** Refuse the flag before anything is done by a daemon that would ignore it. @throws {CommandError} for Docker Engine */
export async function checkPlatformFlag(client: EngineClient, { platform }: PlatformFlag): Promise<void> {
  if (platform !== undefined) await requireOutboard(client, 'choose the platform of a plugin');
}
