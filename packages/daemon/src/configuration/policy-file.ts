/**
 * The file of the signature policy.
 */
import type { PluginEngine, PolicyFile } from '@outboard/engine';
import type { Configuration } from './configuration.ts';
import type { ReloadablePart } from './reload.ts';
import { defaultPolicyFile } from './settings.ts';

/** @returns undefined when every plugin is accepted */
export function policyFileOf(configuration: Pick<Configuration, 'signature-policy'>): PolicyFile | undefined {
  const path = configuration['signature-policy'];
  return path === '' ? undefined : { path, mayBeMissing: path === defaultPolicyFile };
}

/** The part of the daemon that reads the policy again at a reload, also if its path did not change. */
export function reloadablePolicy(engine: Pick<PluginEngine, 'policy'>): ReloadablePart {
  return { prepare: (next) => engine.policy.prepare(policyFileOf(next)) };
}
