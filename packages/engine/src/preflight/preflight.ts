/**
 * Before a plugin is started: check at once everything that its host must provide, and make the directories that may be
 * made.
 */
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectories, OutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import { optionsOf } from '../config/options-in-force.ts';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { PluginLayout } from '../store/plugin-layout.ts';
import { checkInit } from './check-init.ts';
import { missingDirectories } from './check-mounts.ts';
import { checkPlugin } from './check-plugin.ts';
import type { Finding } from './finding.ts';
import { readHostSupply } from './host-facts.ts';
import { readPluginNeeds } from './read-plugin-needs.ts';

/** Looks at the host on behalf of one plugin. */
export interface Preflight {
  /** What is wrong now, without a change to anything. */
  check(record: PluginRecord, options?: PreflightOptions): Promise<readonly Finding[]>;
  /**
   * Let a plugin start, or tell everything that keeps it from starting. What is not fatal is logged. Directories that
   * are missing are made when that was asked for, and only when nothing else is wrong.
   * @throws {OutboardError} with one finding a line: invalid when only the plugin's settings are wrong, else system;
   *   `details.reason` is all of it in one line. The signal's reason
   */
  clear(record: PluginRecord, options?: PreflightOptions): Promise<void>;
}

export interface PreflightOptions {
  /** Default what the plugin's options say. */
  readonly createMounts?: boolean | undefined;
  /** Ends a look at a file system that does not answer, which takes 5 s otherwise. */
  readonly signal?: AbortSignal | undefined;
}

export interface PreflightParts {
  readonly layout: PluginLayout;
  /** Name or path of the OCI runtime. */
  readonly runtime: string;
  readonly logger: Logger;
}

/** Owner root; others may look but not change. */
const createdMode = 0o755;

export function createPreflight({ layout, runtime, logger }: PreflightParts): Preflight {
  async function look(record: PluginRecord, options: PreflightOptions) {
    const inForce = optionsOf(record);
    const createMounts = options.createMounts ?? inForce.createMounts === true;
    const { name, config, settings } = record;
    const { rootfs } = layout.plugin(record.id);
    const [needs, host, plugins] = await Promise.all([
      readPluginNeeds({ config, settings, rootfs }, options.signal),
      readHostSupply(runtime),
      realpath(layout.pluginsDirectory),
    ]);
    const rootfsPath = join(plugins, record.id, 'rootfs');
    const findings = [
      ...checkPlugin({ name, config, settings, createMounts, rootfsPath }, needs, host),
      ...(inForce.init === true ? await checkInit(name) : []),
    ];
    return { findings, toCreate: createMounts ? missingDirectories(settings.mounts, needs) : [] };
  }

  return {
    check: async (record, options = {}) => (await look(record, options)).findings,

    async clear(record, options = {}) {
      const { findings, toCreate } = await look(record, options);
      const fatal = findings.filter(({ isFatal }) => isFatal);
      if (fatal.length > 0) throw refusal(fatal);
      const { id, name: plugin } = record;
      for (const { why, remedy } of findings) logger.warn({ id, plugin, remedy }, why);
      for (const path of toCreate) {
        await makeDirectories(path, { mode: createdMode });
        logger.info({ id, plugin, path }, 'made a directory that a plugin mounts');
      }
    },
  };
}

function refusal(findings: readonly Finding[]): OutboardError {
  const kind = findings.every(({ concerns }) => concerns === 'plugin') ? 'invalid' : 'system';
  return new OutboardError(kind, findings.map(({ why, remedy }) => `${why}; ${remedy}`).join('\n'), {
    code: 'preflight',
    details: {
      reason: findings.map(({ why }) => why).join('; '),
      findings: findings.map(({ what, why, remedy }) => ({ what, why, remedy })),
    },
  });
}
