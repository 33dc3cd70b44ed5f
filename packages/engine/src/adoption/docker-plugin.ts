/**
 * One plugin in the data root of a Docker Engine, as its record tells.
 */
import { join } from 'node:path';
import {
  familiarString,
  isOutboardError,
  OutboardError,
  parseReference,
  withDefaultTag,
} from '@outboard/oci';
import { type Carried, carrySettings } from '../config/carry-settings.ts';
import type { PluginRecord, PluginSettings } from '../config/plugin-config.ts';
import { validatePluginConfig } from '../config/validate-plugin-config.ts';
import { type PluginPaths, pluginPaths } from '../store/plugin-layout.ts';
import { decodeRecord } from '../store/plugin-record-document.ts';
import { entryKind, readPlainFile } from './plain-files.ts';

/** Docker's records have some kilobytes. Parsing more would hold the event loop. */
const maxRecordBytes = 1024 * 1024;

/** A plugin of Docker. */
export interface DockerPlugin {
  /** Its directory in Docker's data root. */
  readonly paths: PluginPaths;
  /** As Docker wrote it, with Docker's ID. Privileges are those of its config: Docker installs none without consent. */
  readonly record: PluginRecord;
  /** Settings that were left out, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Read the record of a plugin of Docker.
 * @param pluginsDirectory without links
 * @throws {OutboardError} invalid when it is damaged, hostile, or no record of Docker; system
 */
export async function readDockerPlugin(pluginsDirectory: string, id: string): Promise<DockerPlugin> {
  const paths = pluginPaths(join(pluginsDirectory, id));
  if ((await entryKind(paths.directory)) !== 'directory') {
    throw new OutboardError('invalid', `${JSON.stringify(paths.directory)} is not a directory`);
  }
  const bytes = await readPlainFile(paths.record, maxRecordBytes);
  if (bytes === undefined) {
    throw new OutboardError('invalid', `it has no record at ${JSON.stringify(paths.record)}`);
  }
  try {
    const record = parseDockerRecord(bytes.toString('utf8'));
    if (record.id !== id) throw new OutboardError('invalid', `it names another ID: ${record.id}`);
    validatePluginConfig(record.config);
    const { value: settings, dropped } = confineSettings(record);
    return { paths, record: { ...record, settings }, warnings: dropped };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutboardError(
      'invalid',
      `its record ${JSON.stringify(paths.record)} cannot be used: ${reason}`,
      {
        cause,
      },
    );
  }
}

function parseDockerRecord(text: string): PluginRecord {
  const document: unknown = JSON.parse(text);
  const names = typeof document === 'object' && document !== null ? Object.keys(document) : [];
  // Privileges that Outboard once recorded would be taken without a question. Names are read in any letter case.
  if (names.some((name) => name.toLowerCase() === 'outboard')) {
    throw new OutboardError('invalid', 'it was written by Outboard, not by Docker');
  }
  const record = decodeRecord(text);
  return { ...record, name: canonicalLocalName(record.name) };
}

/**
 * Keep what "set" can have changed. A container has the mounts and devices of its settings: those that the config does not have
 * would be access that no privilege names.
 */
function confineSettings({ config, settings }: PluginRecord): Carried<PluginSettings> {
  const { value, dropped } = carrySettings({ config, settings }, config);
  const isLonger = (['env', 'mounts', 'devices'] as const).some(
    (kind) => settings[kind].length > value[kind].length,
  );
  const more = isLonger ? ['settings that its config does not have are left out'] : [];
  return {
    value,
    dropped: [...dropped.map((text) => text.replaceAll('the new version', 'its config')), ...more],
  };
}

/** @throws {OutboardError} invalid for a name that Docker would not give either */
function canonicalLocalName(name: string): string {
  try {
    const reference = parseReference(name);
    if (reference.digest === undefined) return familiarString(withDefaultTag(reference));
  } catch (error) {
    if (!isOutboardError(error)) throw error;
  }
  throw new OutboardError('invalid', `its name ${JSON.stringify(name.slice(0, 256))} is not a plugin's name`);
}
