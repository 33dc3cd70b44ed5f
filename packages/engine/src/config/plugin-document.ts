/**
 * Readers and writers of plugin documents, on the wire and on disk, over the tables of `plugin-config.ts`.
 */
import { nextTurn } from '@outboard/async';
import {
  type Codec,
  canonicalizeFields,
  codec,
  type Digest,
  decodeDocument,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  OutboardError,
  showValue,
  withUnknownKeys,
} from '@outboard/oci';
import { readConfigDocument } from './parse-plugin-config.ts';
import {
  configCodec,
  type Plugin,
  type PluginConfig,
  type PluginSettings,
  type Privilege,
  pluginCodec,
  privilegeCodec,
  settingsCodec,
} from './plugin-config.ts';

const privilegeListCodec = codec.list(codec.required(privilegeCodec));

/** A config as Docker writes it: every field but those that Docker omits when empty. */
export function toConfigDocument(config: PluginConfig): JsonObject {
  return codec.encodeObject(configCodec, config);
}

/** Settings as Docker writes them; no array is null. */
export function toSettingsDocument(settings: PluginSettings): JsonObject {
  return codec.encodeObject(settingsCodec, settings);
}

/** A plugin as Docker shows it in `GET /plugins` and writes it to disk. */
export function toPluginDocument(plugin: Plugin): JsonObject {
  return codec.encodeObject(pluginCodec, plugin);
}

/** A privilege as Docker shows it. */
export function toPrivilegeDocument(privilege: Privilege): JsonObject {
  return codec.encodeObject(privilegeCodec, privilege);
}

/**
 * Read granted privileges. Clients in the field send null, `{}` or nothing for none.
 * @throws {OutboardError} invalid for anything else that is not a list of privileges
 */
export function parsePrivileges(document: unknown): readonly Privilege[] {
  const isNone = isJsonObject(document) && Object.keys(document).length === 0;
  if (isNone) return [];
  // The codec refuses values that are not JSON; before it, only arrays and objects are read.
  return readDocument(privilegeListCodec, document as JsonValue, 'invalid JSON: privileges') ?? [];
}

/**
 * Read a plugin object, as a record on disk holds it.
 * @throws {OutboardError} invalid
 */
export function parsePluginDocument(document: unknown): Plugin {
  return readDocument(pluginCodec, requireObject(document, 'plugin'), 'plugin');
}

/**
 * Read settings.
 * @throws {OutboardError} invalid
 */
export function parseSettingsDocument(document: unknown): PluginSettings {
  return readDocument(settingsCodec, requireObject(document, 'settings'), 'settings');
}

function readDocument<Value>(documentCodec: Codec<Value>, document: JsonValue, subject: string): Value {
  return decodeDocument(documentCodec, canonicalizeFields(document, documentCodec, subject), subject);
}

function requireObject(document: unknown, subject: string): JsonObject {
  if (isJsonObject(document)) return document;
  throw new OutboardError('invalid', `${subject}: expected an object, got ${showValue(document)}`);
}

/**
 * The config blob of a created plugin: the author's document with Docker's spelling, order and defaults, the layers
 * that were made of its root filesystem, and every unknown key. Compact JSON and a newline, as Docker encodes it.
 * @param document as `parsePluginConfig` returned it
 * @param diffIds digests of the uncompressed layers, in order
 * @throws {OutboardError} invalid when the document is not a config
 */
export function encodeConfigBlob(document: JsonObject, diffIds: readonly Digest[]): Buffer {
  const steps = encodingSteps(document, diffIds);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** As `encodeConfigBlob`, in turns of the event loop: a large config takes longer than one may. */
export async function encodeConfigBlobInTurns(
  document: JsonObject,
  diffIds: readonly Digest[],
): Promise<Buffer> {
  const steps = encodingSteps(document, diffIds);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await nextTurn();
  }
}

function* encodingSteps(document: JsonObject, diffIds: readonly Digest[]): Generator<void, Buffer> {
  const { config } = readConfigDocument(document);
  yield;
  const typed = toConfigDocument({ ...config, rootfs: { type: 'layers', diffIds } });
  yield;
  const authored = canonicalizeFields(document, configCodec, 'config');
  yield;
  // Docker has no such field, so the typed document has none either.
  const outboard = isJsonObject(authored) ? authored.outboard : undefined;
  const known = outboard === undefined ? typed : { ...typed, outboard };
  const whole = withUnknownKeys(known, authored, configCodec);
  yield;
  return Buffer.from(`${JSON.stringify(whole)}\n`);
}
