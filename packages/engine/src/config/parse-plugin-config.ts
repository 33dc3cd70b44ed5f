/**
 * Reads a plugin's `config.json`: hostile bytes in, a typed config out. `validatePluginConfig` checks the values
 * afterwards.
 */
import { nextTurn } from '@outboard/async';
import {
  type Codec,
  canonicalizeFields,
  decodeDocument,
  foldFieldName,
  isJsonObject,
  isOutboardError,
  type JsonObject,
  type JsonValue,
  OutboardError,
  parseStrictJson,
  showValue,
} from '@outboard/oci';
import { type ConfigFinding, collectFindings, type Findings } from './config-finding.ts';
import { parseAuthorOptions } from './parse-plugin-options.ts';
import { argsCodec, configCodec, type PluginConfig } from './plugin-config.ts';

/** Upper bound of the size of a config, in bytes. */
export const maxConfigBytes = 1024 * 1024;

const maxConfigDepth = 32;

/** A config with the document that it was read from. */
export interface ParsedPluginConfig {
  readonly config: PluginConfig;
  /** As parsed: the author's spelling and every unknown key. */
  readonly document: JsonObject;
  /** For the author: unknown and misspelt keys, tolerated mistakes. */
  readonly findings: readonly ConfigFinding[];
}

/**
 * Read a `config.json`. Field names may be spelled in any letter case, null means the zero value, unknown keys are
 * kept and reported.
 * @throws {OutboardError} invalid: not JSON, ambiguous, too large, or a value of the wrong type
 */
export function parsePluginConfig(bytes: Uint8Array): ParsedPluginConfig {
  const document = parseConfigDocument(bytes);
  return { ...readConfigDocument(document), document };
}

/** As `parsePluginConfig`, in turns of the event loop: a large config takes longer than one may. */
export async function parsePluginConfigInTurns(bytes: Uint8Array): Promise<ParsedPluginConfig> {
  const document = parseConfigDocument(bytes);
  await nextTurn();
  return { ...readConfigDocument(document), document };
}

/**
 * Read a config from a parsed document.
 * @throws {OutboardError} invalid: ambiguous, or a value of the wrong type
 */
export function readConfigDocument(document: JsonObject): Pick<ParsedPluginConfig, 'config' | 'findings'> {
  const subject = 'failed to parse config';
  const found: ConfigFinding[] = [];
  const findings = collectFindings(found);
  const canonical = canonicalizeFields(document, configCodec, subject, (warning, meant, key) => {
    const severity = meant === undefined ? 'warning' : 'flaw';
    const hint = meant === undefined ? whereKeyBelongs(key) : '';
    findings.add(severity, 'config/unknown-key', `config: ${warning}${hint}`);
  });
  const config = decodeDocument(configCodec, canonical, subject);
  const warn = (warning: string) =>
    findings.add('warning', 'config/author-option', `config: "outboard": ${warning}`);
  return {
    config: { ...normalizeSocket(config, findings), ...readAuthorOptions(canonical, warn) },
    findings: found,
  };
}

/** The hint for a key that is known in another object, such as `Capabilities` outside of `Linux`. */
function whereKeyBelongs(key: string): string {
  const place = places.get(foldFieldName(key));
  return place === undefined ? '' : `; did you mean ${JSON.stringify(place)}?`;
}

/** Paths of the fields whose name occurs once in the config, outside of lists, by folded name. */
const places = placesOfFields();

function placesOfFields(): ReadonlyMap<string, string> {
  const found = new Map<string, string | undefined>();
  const visit = ({ shape }: Codec<unknown>, parent: string): void => {
    if (shape.kind !== 'object') return;
    for (const { name, codec } of Object.values(shape.fields)) {
      const folded = foldFieldName(name);
      found.set(folded, found.has(folded) ? undefined : `${parent}${name}`);
      // "name" and "value" outside of `Args` are meant for something else.
      if (codec !== argsCodec) visit(codec, `${parent}${name}.`);
    }
  };
  visit(configCodec, '');
  return new Map([...found].flatMap(([key, place]) => (place === undefined ? [] : [[key, place]])));
}

function readAuthorOptions(
  document: JsonValue,
  warn: (warning: string) => void,
): Pick<PluginConfig, 'authorOptions'> {
  const options = isJsonObject(document) ? (document.outboard ?? null) : null;
  return options === null ? {} : { authorOptions: parseAuthorOptions(options, warn) };
}

/** Parse a config, without a look at its fields. @throws {OutboardError} invalid: not a JSON object, or too large */
function parseConfigDocument(bytes: Uint8Array): JsonObject {
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
function normalizeSocket(config: PluginConfig, findings: Findings): PluginConfig {
  const { socket } = config.interface;
  if (!socket.startsWith('/')) return config;
  const [written, read] = [showValue(socket), showValue(socket.slice(1))];
  findings.add('warning', 'config/socket', `config: "Interface.Socket": ${written} is read as ${read}`);
  return { ...config, interface: { ...config.interface, socket: socket.slice(1) } };
}
