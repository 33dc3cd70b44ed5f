/**
 * The file of the signature policy.
 */
import { resolve } from 'node:path';
import type { PluginEngine, PolicyFile } from '@outboard/engine';
import type { Configuration } from './configuration.ts';
import type { ReloadablePart } from './reload.ts';
import { defaultPolicyFile } from './settings.ts';

/** The path is '' when every plugin is accepted. */
export function policyFileOf(
  configuration: Pick<Configuration, 'signature-policy' | 'lookaside-dir'>,
): PolicyFile {
  const path = configuration['signature-policy'];
  const directory = configuration['lookaside-dir'];
  return {
    path,
    mayBeMissing: path === defaultPolicyFile,
    lookasideDirectory: directory === '' ? '' : resolve(directory),
  };
}

/** The part of the daemon that reads the policy again at a reload, also if its path did not change. */
export function reloadablePolicy(engine: Pick<PluginEngine, 'policy'>): ReloadablePart {
  return { prepare: (next) => engine.policy.prepare(policyFileOf(next)) };
}
