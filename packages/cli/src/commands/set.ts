/**
 * `outboard set`
 */
import { setPlugin } from '../client/plugin-api.ts';
import type { CommandContext } from './command-context.ts';

/** @param settings `NAME[.FIELD]=VALUE`; all apply or none */
export async function set(
  { client }: CommandContext,
  name: string,
  settings: readonly string[],
): Promise<void> {
  await setPlugin(client, name, settings);
}
