/**
 * Options of an engine that are wrong by themselves.
 */
import { cgroups, createCniNetworks } from '@outboard/container';
import { createRegistryClient } from '@outboard/oci';
import type { Logger } from 'pino';
import type { PluginEngineOptions } from './plugin-engine-options.ts';

/**
 * Refuse wrong options before anything is made on disk. Parts that check theirs when they are created, and do nothing else
 * then, are created for that; the engine creates its own later.
 * @throws {OutboardError} invalid, with the option
 */
export function checkEngineOptions(
  { bridge, cgroupDriver, execRoot, insecureRegistries = [] }: PluginEngineOptions,
  logger: Logger,
): void {
  cgroups.chooseDriver(cgroupDriver);
  createCniNetworks({ execRoot, bridge, logger });
  createRegistryClient({ insecureRegistries });
}
