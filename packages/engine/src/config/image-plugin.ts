/**
 * The config of a plugin that is an image: what its author wrote as a label or in a file, and for the rest what the image
 * says about its process. Pure, so that the config can be computed again from the image's own blob at any time.
 */
import { posix } from 'node:path';
import {
  canonicalizeFields,
  isJsonObject,
  isOutboardError,
  type JsonObject,
  type JsonValue,
  OutboardError,
} from '@outboard/oci';
import type { ConfigFinding } from './config-finding.ts';
import {
  type ImageConfig,
  isImageConfigMediaType,
  parseImageConfig,
  pluginConfigLabel,
} from './image-config.ts';
import {
  type ParsedPluginConfig,
  parsePluginConfig,
  parsePluginConfigInTurns,
  readConfigDocument,
} from './parse-plugin-config.ts';
import { configCodec } from './plugin-config.ts';

/** Name of the label in messages. */
export const labelSubject = `label ${JSON.stringify(pluginConfigLabel)} of the image`;

/** Users of an image that are root, as plugins always are. */
const rootUsers = new Set(['', '0', 'root', '0:0', 'root:root', '0:root', 'root:0']);

/** The config of a plugin, with what its image says beside it. */
export interface ParsedConfigBlob extends ParsedPluginConfig {
  /** Absent for a plugin that is no image. */
  readonly image?: Pick<ImageConfig, 'platform'>;
}

/**
 * Read the config of a plugin from its config blob: a plugin's own, or that of an image with the label.
 * @throws {OutboardError} invalid; code `not-a-plugin` for an image without the label
 */
export function readConfigBlob(bytes: Uint8Array, mediaType: string): ParsedConfigBlob {
  if (!isImageConfigMediaType(mediaType)) return parsePluginConfig(bytes);
  const image = parseImageConfig(bytes);
  const label = parseLabel(image);
  if (label !== undefined) return { ...mergeImageConfig(image, label.document, labelSubject), image };
  throw new OutboardError(
    'invalid',
    `it is an image without the label ${JSON.stringify(pluginConfigLabel)}, which holds the config of a plugin`,
    { code: 'not-a-plugin' },
  );
}

/** As `readConfigBlob`, in turns of the event loop for a plugin's own config. */
export async function readConfigBlobInTurns(bytes: Uint8Array, mediaType: string): Promise<ParsedConfigBlob> {
  if (isImageConfigMediaType(mediaType)) return readConfigBlob(bytes, mediaType);
  return await parsePluginConfigInTurns(bytes);
}

/** The plugin config in the label of an image; undefined when it has none. @throws {OutboardError} invalid */
export function parseLabel({ label }: ImageConfig): ParsedPluginConfig | undefined {
  if (label === undefined) return undefined;
  return inWordsOf(labelSubject, () => parsePluginConfig(Buffer.from(label)));
}

/**
 * Lay one document over another, field by field of the top level. A field that is absent or null in the upper one is that of
 * the lower one.
 * @throws {OutboardError} invalid when one of them is ambiguous
 */
export function layConfigOver(lower: JsonObject, upper: JsonObject): JsonObject {
  const written = Object.entries(canonical(upper)).filter(([, value]) => value !== null);
  return Object.assign(Object.create(null), canonical(lower), Object.fromEntries(written));
}

/**
 * Complete the config of an author by the image's: entrypoint with its arguments, environment and working directory.
 * Variables of the image are not settable unless the author's entry of the same name says so.
 * @param subject name of the author's document, for messages
 * @throws {OutboardError} invalid when the result is no config
 */
export function mergeImageConfig(
  image: ImageConfig,
  author: JsonObject,
  subject: string,
): ParsedPluginConfig {
  return inWordsOf(subject, () => {
    // Its types are checked before its values are used.
    readConfigDocument(author);
    const own = canonical(author);
    const document: JsonObject = Object.assign(Object.create(null), own, {
      Entrypoint: mergeEntrypoint(image, own),
      Env: mergeEnv(image, own.Env),
      WorkDir: own.WorkDir || cleanWorkDir(image.workDir),
      rootfs: { type: 'layers', diff_ids: image.diffIds },
    });
    const { config, findings } = readConfigDocument(document);
    return { config, document, findings: [...findings, ...findLostUser(image)] };
  });
}

/** As for `docker run`: who names a program drops the command of the image, and so does who names arguments. */
function mergeEntrypoint({ entrypoint, command }: ImageConfig, own: JsonObject): JsonValue {
  if (!isEmpty(own.Entrypoint)) return own.Entrypoint ?? null;
  const hasArguments = isJsonObject(own.Args) && !isEmpty(own.Args.Value);
  if (entrypoint.length === 0) return command;
  return hasArguments ? entrypoint : [...entrypoint, ...command];
}

function mergeEnv({ env }: ImageConfig, own: JsonValue | undefined): JsonValue {
  const authored = Array.isArray(own) ? own : [];
  // The last one counts, as in a container of the image.
  const inherited = new Map(env.map(splitVariable));
  const completed = authored.map((entry) => completeVariable(entry, inherited));
  const decided = new Set(authored.map(nameOf));
  const others = [...inherited].filter(([name]) => !decided.has(name));
  if (completed.length + others.length === 0) return own ?? null;
  const added = others.map(([Name, Value]) => ({ Description: '', Name, Settable: [], Value }));
  return [...added, ...completed];
}

function splitVariable(variable: string): readonly [string, string] {
  const end = variable.indexOf('=');
  return end === -1 ? [variable, ''] : [variable.slice(0, end), variable.slice(end + 1)];
}

/** An entry without a value has that of the image. */
function completeVariable(entry: JsonValue, inherited: ReadonlyMap<string, string>): JsonValue {
  const value = inherited.get(nameOf(entry));
  if (!isJsonObject(entry) || value === undefined || !isEmpty(entry.Value)) return entry;
  return { ...entry, Value: value };
}

function nameOf(entry: JsonValue): string {
  return isJsonObject(entry) && typeof entry.Name === 'string' ? entry.Name : '';
}

/** Absolute and clean, as an engine of containers reads it; empty for the root. */
function cleanWorkDir(workDir: string): string {
  const clean = posix.resolve('/', workDir);
  return clean === '/' ? '' : clean;
}

function findLostUser({ user }: ImageConfig): readonly ConfigFinding[] {
  if (rootUsers.has(user)) return [];
  const shown = JSON.stringify(user.slice(0, 64));
  const message = `config of the image: "User": ${shown} has no effect: a plugin runs as root, with the capabilities that its config names`;
  return [{ code: 'image/user', severity: 'warning', message }];
}

function canonical(document: JsonObject): JsonObject {
  // An object is rewritten to an object.
  return canonicalizeFields(document, configCodec, 'failed to parse config') as JsonObject;
}

function isEmpty(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

/** Run a check, and name the document in what it refuses. @throws {OutboardError} invalid, and all other errors */
export function inWordsOf<Result>(subject: string, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    if (!isOutboardError(cause, 'invalid') || cause.message.startsWith(subject)) throw cause;
    throw new OutboardError('invalid', `${subject}: ${cause.message}`, { cause });
  }
}
