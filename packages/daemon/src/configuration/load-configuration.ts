/**
 * Merges the settings of the command line and the configuration file.
 */
import { readFile } from 'node:fs/promises';
import { isOutboardError, OutboardError } from '@outboard/engine';
import { describeErrorCode, maskUserInfo, parseStrictJson, systemErrorCode } from '@outboard/oci';
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
  } catch {
    // The message of the engine quotes the text, which may hold the password of a proxy.
    throw new OutboardError(
      'invalid',
      `configuration file ${JSON.stringify(path)} is not JSON: ${problemOf(text)}`,
    );
  }
}

/** The line and the reason, by a parser that names the place. */
function problemOf(text: string): string {
  try {
    parseStrictJson(Buffer.from(text), { maxBytes: 4 * text.length + 4, subject: 'document' });
    return 'it cannot be read';
  } catch (error) {
    if (!isOutboardError(error)) throw error;
    const position = Number(error.details?.position ?? 0);
    return `line ${text.slice(0, position).split('\n').length}: ${error.message}`;
  }
}

/** As dockerd: neither of the two takes precedence. */
function refuseConflicts(flags: PartialConfiguration, fromFile: PartialConfiguration): void {
  const conflicts = Object.entries(flags)
    .filter(([key, value]) => value !== undefined && Object.hasOwn(fromFile, key))
    .map(([key, value]) => {
      // Object.hasOwn() above says that the key is one of the file's.
      const inFile = fromFile[key as keyof PartialConfiguration];
      return `${key}: (from flag: ${shown(key, value)}, from file: ${shown(key, inFile)})`;
    });
  if (conflicts.length > 0) {
    throw new OutboardError(
      'invalid',
      'the following directives are specified both as a flag and in the configuration file: ' +
        conflicts.join(', '),
    );
  }
}

/** A value as JSON; of a proxy without its password. */
function shown(key: string, value: unknown): string {
  const isProxy = key === 'http-proxy' || key === 'https-proxy';
  return JSON.stringify(isProxy && typeof value === 'string' ? maskUserInfo(value) : value);
}
