/**
 * Merges the settings of the command line and the configuration file.
 */
import { readFile } from 'node:fs/promises';
import { OutboardError } from '@outboard/engine';
import { describeErrorCode, systemErrorCode } from '@outboard/oci';
import {
  type Configuration,
  defaultConfigurationFile,
  type PartialConfiguration,
  withDefaults,
} from './configuration.ts';
import { parseConfigurationDocument } from './configuration-schema.ts';

const maxFileBytes = 1024 * 1024;

/**
 * Load the configuration.
 * @param flags settings of the command line
 * @param file from `--config`; without it the default file is read, if it exists
 * @throws {OutboardError} invalid if the file is wrong, or a setting is in both
 */
export async function loadConfiguration(flags: PartialConfiguration, file?: string): Promise<Configuration> {
  const fromFile = await readConfigurationFile(file ?? defaultConfigurationFile, file === undefined);
  refuseConflicts(flags, fromFile);
  return withDefaults({ ...fromFile, ...flags });
}

async function readConfigurationFile(path: string, mayBeMissing: boolean): Promise<PartialConfiguration> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === 'ENOENT' && mayBeMissing) return {};
    const reason = code === undefined ? String(cause) : describeErrorCode(code);
    throw new OutboardError(
      'invalid',
      `cannot read the configuration file ${JSON.stringify(path)}: ${reason}`,
      {
        cause,
      },
    );
  }
  if (text.length > maxFileBytes) {
    throw new OutboardError(
      'invalid',
      `configuration file ${JSON.stringify(path)} is larger than ${maxFileBytes} bytes`,
    );
  }
  return parseConfigurationDocument(parseJson(text, path), path);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutboardError('invalid', `configuration file ${JSON.stringify(path)} is not JSON: ${reason}`, {
      cause,
    });
  }
}

/** As dockerd: neither of the two takes precedence. */
function refuseConflicts(flags: PartialConfiguration, fromFile: PartialConfiguration): void {
  const conflicts = Object.entries(flags)
    .filter(([key, value]) => value !== undefined && Object.hasOwn(fromFile, key))
    .map(([key, value]) => {
      // Object.hasOwn() above says that the key is one of the file's.
      const inFile = fromFile[key as keyof PartialConfiguration];
      return `${key}: (from flag: ${JSON.stringify(value)}, from file: ${JSON.stringify(inFile)})`;
    });
  if (conflicts.length > 0) {
    throw new OutboardError(
      'invalid',
      'the following directives are specified both as a flag and in the configuration file: ' +
        conflicts.join(', '),
    );
  }
}
