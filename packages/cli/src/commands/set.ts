/**
 * `outboard set`
 */
import { withNextStep } from '../client/next-step.ts';
import { setPlugin } from '../client/plugin-api.ts';
import type { CommandContext } from './command-context.ts';

/** Change settings of a disabled plugin. @param settings `NAME[.FIELD]=VALUE`; all apply or none */
export async function set(
  { client }: CommandContext,
  name: string,
  settings: readonly string[],
): Promise<void> {
  await withNextStep(/active plugin/, `outboard disable ${name}`, () => setPlugin(client, name, settings));
}
