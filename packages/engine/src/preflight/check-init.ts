/**
 * Looks for the init that a plugin is to have.
 */
import { findContainerInit } from '../spec/container-init.ts';
import { type Finding, ofHost } from './finding.ts';

/** @param names of programs, default all that are known @returns nothing when the host has one */
export async function checkInit(plugin: string, names?: readonly string[]): Promise<readonly Finding[]> {
  try {
    await findContainerInit(names);
    return [];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [ofHost('init', why, `or let it start without: outboard update --no-init ${plugin}`)];
  }
}
