/**
 * Examines a plugin as its author has it: a config and a root filesystem. The one judgement that creation, builds and checks
 * share.
 */
import { isOutboardError } from '@outboard/oci';
import type { ConfigFinding } from '../config/config-finding.ts';
import { type ParsedPluginConfig, parsePluginConfig } from '../config/parse-plugin-config.ts';
import type { PluginConfig } from '../config/plugin-config.ts';
import { initialSettings } from '../config/settings.ts';
import { judgePluginConfig } from '../config/validate-plugin-config.ts';
import { findProgramFlaws } from './program-flaws.ts';

/** A plugin to examine. */
export interface AuthoredPlugin {
  /** Content of `config.json`. */
  readonly config: Uint8Array;
  /** Directory with its root filesystem, which nothing changes meanwhile; without it only the config is examined. */
  readonly rootfs?: string | undefined;
}

/** Result of an examination. */
export interface ExaminedPlugin {
  /** Absent when the config cannot be read. */
  readonly config?: PluginConfig | undefined;
  /** Empty for a plugin without faults. */
  readonly findings: readonly ConfigFinding[];
}

/**
 * Examine a plugin. Every fault is a finding.
 * @throws {OutboardError} system when the disk fails
 */
export async function examinePlugin({ config: bytes, rootfs }: AuthoredPlugin): Promise<ExaminedPlugin> {
  let parsed: ParsedPluginConfig;
  try {
    parsed = parsePluginConfig(bytes);
  } catch (error) {
    if (!isOutboardError(error, 'invalid')) throw error;
    return { findings: [{ code: 'config/document', severity: 'refused', message: error.message }] };
  }
  const { config } = parsed;
  const findings = [...parsed.findings, ...judgePluginConfig(config)];
  // A config that is refused may hold paths that no one may follow.
  if (rootfs === undefined || findings.some(({ severity }) => severity === 'refused'))
    return { config, findings };
  const flaws = await findProgramFlaws({ config, settings: initialSettings(config), rootfs });
  return { config, findings: [...findings, ...flaws] };
}
