/**
 * The preflight on the real host, and the creation of directories to mount.
 */
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectories, OutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import { optionsOf } from '../config/options-in-force.ts';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { ValueSurroundings } from '../config/value-source.ts';
import type { PluginLayout } from '../store/plugin-layout.ts';
import { checkInit } from './check-init.ts';
import { missingDirectories } from './check-mounts.ts';
import { checkPlugin } from './check-plugin.ts';
import { checkValueSources } from './check-value-sources.ts';
import { type Finding, ofPlugin } from './finding.ts';
import { type ForeignProgram, findForeignProgram } from './foreign-program.ts';
import { readHostSupply } from './host-facts.ts';
import type { Preflight, PreflightOptions } from './preflight.ts';
import { readPluginNeeds } from './read-plugin-needs.ts';

/** Parts of the engine that a preflight reads. */
export interface PreflightDeps {
  readonly layout: PluginLayout;
  /** Name or path of the OCI runtime. */
  readonly runtime: string;
  /** Credentials and environment that values of settings can come from; default none. */
  readonly values?: ValueSurroundings | undefined;
  readonly logger: Logger;
}

/** Owner root; others may read only. */
const createdMode = 0o755;

/** Create the preflight of an engine. A file system that does not answer is given up after 5 s, or at the signal. */
export function createPreflight({ layout, runtime, values = {}, logger }: PreflightDeps): Preflight {
  async function examine(record: PluginRecord, options: PreflightOptions) {
    const inForce = optionsOf(record);
    const createMounts = options.createMounts ?? inForce.createMounts === true;
    const { name, config, settings } = record;
    const { rootfs = layout.plugin(record.id).rootfs } = options;
    const [needs, host, plugins] = await Promise.all([
      readPluginNeeds({ config, settings, rootfs }, options.signal),
      readHostSupply(runtime),
      realpath(layout.pluginsDirectory),
    ]);
    const foreign = await findForeignProgram({ config, settings, rootfs }, host.mounts);
    const rootfsPath = join(plugins, record.id, 'rootfs');
    const findings = [
      ...foreignFindings(foreign, record),
      ...checkPlugin({ name, config, settings, createMounts, rootfsPath }, needs, host),
      ...(await checkValueSources(record, values, { signal: options.signal })),
      ...(inForce.init === true ? await checkInit(name) : []),
    ];
    return { findings, toCreate: createMounts ? missingDirectories(settings.mounts, needs) : [] };
  }

  return {
    check: async (record, options = {}) => (await examine(record, options)).findings,

    async clear(record, options = {}) {
      const { findings, toCreate } = await examine(record, options);
      const fatal = findings.filter(({ isFatal }) => isFatal);
      if (fatal.length > 0) throw refusal(fatal);
      const { id, name: plugin } = record;
      for (const { why, remedy } of findings) logger.warn({ id, plugin, remedy }, why);
      for (const path of toCreate) {
        await makeDirectories(path, { mode: createdMode });
        logger.info({ id, plugin, path }, 'created a directory that a plugin mounts');
      }
    },
  };
}

/** A program that was installed for another platform on purpose may run where emulators cannot be seen. */
function foreignFindings(
  foreign: ForeignProgram | undefined,
  { config, platform }: PluginRecord,
): readonly Finding[] {
  if (foreign === undefined || (!foreign.isCertain && platform !== undefined)) return [];
  const { architecture, host } = foreign;
  const program = JSON.stringify(config.entrypoint?.[0]);
  const why = `its program ${program} is built for ${architecture}, and this host is ${host}`;
  return [
    ofPlugin('entrypoint', why, `want a build for ${host}, or an emulator: apt install qemu-user-static`),
  ];
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
