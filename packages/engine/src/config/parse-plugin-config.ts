/**
 * Reads a plugin's `config.json`: hostile bytes in, a typed config out. `validatePluginConfig` checks the values
 * afterwards.
 */
import {
  canonicalizeFields,
  decodeDocument,
  isJsonObject,
  isOutboardError,
  type JsonObject,
  type JsonValue,
  OutboardError,
  parseStrictJson,
  showValue,
} from '@outboard/oci';
import { parseAuthorOptions } from './parse-plugin-options.ts';
import { configCodec, type PluginConfig } from './plugin-config.ts';

/** Upper bound of the size of a config, in bytes. */
export const maxConfigBytes = 1024 * 1024;

const maxConfigDepth = 32;

/** A config with the document that it was read from. */
export interface ParsedPluginConfig {
  readonly config: PluginConfig;
  /** As parsed: the author's spelling and every unknown key. */
  readonly document: JsonObject;
  /** One line each, for the author: unknown keys, tolerated mistakes. */
  readonly warnings: readonly string[];
  /** The warnings about misspelt keys. */
  readonly misspellings: readonly string[];
}

/**
 * Read a `config.json`. Field names may be spelled in any letter case, null means the zero value, unknown keys are
 * kept and warned about.
 * @throws {OutboardError} invalid: not JSON, ambiguous, too large, or a value of the wrong type
 */
export function parsePluginConfig(bytes: Uint8Array): ParsedPluginConfig {
  const document = parseDocument(bytes);
  return { ...readConfigDocument(document), document };
}

/**
 * Read a config from a parsed document.
 * @throws {OutboardError} invalid: ambiguous, or a value of the wrong type
 */
export function readConfigDocument(
  document: JsonObject,
): Pick<ParsedPluginConfig, 'config' | 'warnings' | 'misspellings'> {
  const subject = 'failed to parse config';
  const warnings: string[] = [];
  const misspellings: string[] = [];
  const canonical = canonicalizeFields(document, configCodec, subject, (warning, meant) => {
    warnings.push(`config: ${warning}`);
    if (meant !== undefined) misspellings.push(`config: ${warning}`);
  });
  const config = decodeDocument(configCodec, canonical, subject);
  const warn = (warning: string) => void warnings.push(`config: "outboard": ${warning}`);
  return {
    config: { ...normalizeSocket(config, warnings), ...readAuthorOptions(canonical, warn) },
    warnings,
    misspellings,
  };
}

function readAuthorOptions(
  document: JsonValue,
  warn: (warning: string) => void,
): Pick<PluginConfig, 'authorOptions'> {
  const options = isJsonObject(document) ? (document.outboard ?? null) : null;
  return options === null ? {} : { authorOptions: parseAuthorOptions(options, warn) };
}

function parseDocument(bytes: Uint8Array): JsonObject {
  let document: unknown;
  try {
    document = parseStrictJson(bytes, { maxBytes: maxConfigBytes, maxDepth: maxConfigDepth });
  } catch (error) {
    if (!isOutboardError(error)) throw error;
    // Docker's wording, which its users and scripts know.
    throw new OutboardError(error.kind, `failed to parse config: ${error.message}`, { cause: error });
  }
  if (isJsonObject(document)) return document;
  throw new OutboardError(
    'invalid',
    `failed to parse config: expected an object, got ${showValue(document)}`,
  );
}

/** Docker joins the socket's name to a directory, so that a leading slash works (kathara/katharanp has one). */
function normalizeSocket(config: PluginConfig, warnings: string[]): PluginConfig {
  const { socket } = config.interface;
  if (!socket.startsWith('/')) return config;
  warnings.push(`config: "Interface.Socket": ${showValue(socket)} is read as ${showValue(socket.slice(1))}`);
  return { ...config, interface: { ...config.interface, socket: socket.slice(1) } };
}
