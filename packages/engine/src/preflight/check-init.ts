/**
 * Checks that the host has an init, for plugins with the option `init`.
 */
import { findContainerInit } from '../spec/container-init.ts';
import { type Finding, ofHost } from './finding.ts';

/** Look for an init. @param names names of programs, default all known ones @returns no finding when one is installed */
export async function checkInit(plugin: string, names?: readonly string[]): Promise<readonly Finding[]> {
  try {
    await findContainerInit(names);
    return [];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [ofHost('init', why, `or let it start without: outboard update --no-init ${plugin}`)];
  }
}
