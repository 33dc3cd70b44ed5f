/**
 * Reads options: from an author's `config.json`, from a client, from a record. Documents spell their fields as those of
 * a config (`Limits.MemoryBytes`), and are read in any letter case.
 */
import {
  type Codec,
  canonicalizeFields,
  codec,
  decodeDocument,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  OutboardError,
  showValue,
} from '@outboard/oci';
import { boundAuthorOptions, refuseOperatorOptions } from './author-bounds.ts';
import { optionsCodec, optionsCodecInMemory } from './option-table.ts';
import type { PluginOverrides } from './plugin-options.ts';
import { validatePluginOptions } from './validate-plugin-options.ts';

/** What to change of options: each field that is named. Null takes one back; objects are merged field by field. */
export type PluginOptionsPatch = {
  readonly [Key in keyof PluginOverrides]?: PatchOf<NonNullable<PluginOverrides[Key]>> | null;
};

type PatchOf<Value> = Value extends object ? { readonly [Key in keyof Value]?: Value[Key] | null } : Value;

/**
 * Read a document as a patch of options; its values are judged when it is applied.
 * @throws {OutboardError} invalid: no object, an unknown field, one that is given twice
 */
export function parseOptionsPatch(document: unknown): PluginOptionsPatch {
  // Of the schema's shape once it has been applied: nothing reads a patch but `applyOptionsPatch`.
  return readDocument(document, 'options', refuseUnknown) as PluginOptionsPatch;
}

/**
 * The options that a patch makes of others.
 * @param author what the plugin's author asks for. A health check is decided about as a whole: whoever changes a part of
 *   the author's, and has none of their own, takes over the rest
 * @throws {OutboardError} invalid: a wrong type, or a value that cannot be in force; in Docker's words where it has some
 */
export function applyOptionsPatch(
  options: PluginOverrides,
  patch: PluginOptionsPatch,
  author: PluginOverrides = {},
): PluginOverrides {
  const takesOver = options.health === undefined && author.health !== undefined && setsPartOfHealth(patch);
  const base = takesOver ? { ...options, health: author.health } : options;
  return readOverrides(mergePatch(base, patch), 'options');
}

function setsPartOfHealth({ health }: PluginOptionsPatch): boolean {
  if (health === undefined || health === null || health.kind !== undefined) return false;
  return Object.values(health).some((value) => value !== null);
}

/**
 * Read the options in a record.
 * @throws {OutboardError} invalid
 */
export function parseOverrides(document: unknown): PluginOverrides {
  return readOverrides(readDocument(document ?? {}, 'options', refuseUnknown), 'options');
}

/**
 * Read what an author's config says under `outboard`. Fields that are not known are for a later version, and warned of;
 * so are values beyond what an author may ask for, which are left out.
 * @throws {OutboardError} invalid; also for what weakens the box around the plugin, which only an operator may do
 */
export function parseAuthorOptions(document: JsonValue, warn: (warning: string) => void): PluginOverrides {
  const subject = 'failed to parse config: "outboard"';
  const options = readOverrides(readDocument(document, subject, warn), subject);
  refuseOperatorOptions(options, subject);
  return boundAuthorOptions(options, warn);
}

/** Options as a document, with the fields that are set. */
export function toOptionsDocument(options: PluginOverrides): JsonObject {
  return codec.encodeObject(optionsCodec, options);
}

/** Decisions of an operator or an author, as records hold them. Their values are validated as well. */
export const overridesCodec: Codec<PluginOverrides> = {
  decode: parseOverrides,
  encode: toOptionsDocument,
  shape: optionsCodec.shape,
};

function readOverrides(value: JsonObject, subject: string): PluginOverrides {
  const overrides = decodeDocument(optionsCodecInMemory, withoutNulls(value), subject);
  validatePluginOptions(overrides);
  return overrides;
}

/** The document with the names that its fields have in memory. */
function readDocument(document: unknown, subject: string, warn: (warning: string) => void): JsonObject {
  if (!isJsonObject(document)) {
    throw new OutboardError('invalid', `${subject}: expected an object, got ${showValue(document)}`);
  }
  const canonical = canonicalizeFields(document, optionsCodec, subject, warn);
  // An object stays one.
  return renamed(canonical as JsonObject, (name) => name.slice(0, 1).toLowerCase() + name.slice(1));
}

function refuseUnknown(warning: string): void {
  throw new OutboardError('invalid', `options: ${warning.replace(' is kept but has no effect', '')}`);
}

function renamed(value: object, rename: (name: string) => string): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      rename(name),
      isJsonObject(item) ? renamed(item, rename) : item,
    ]),
  );
}

/** @see RFC 7396, JSON Merge Patch */
function mergePatch(target: unknown, patch: object): JsonObject {
  const merged = new Map<string, JsonValue>(isJsonObject(target) ? Object.entries(target) : []);
  for (const [name, item] of Object.entries(patch)) {
    if (item === null) merged.delete(name);
    else merged.set(name, isJsonObject(item) ? mergePatch(merged.get(name), item) : item);
  }
  return Object.fromEntries(merged);
}

/** Without fields that are null or, as objects, say nothing. */
function withoutNulls(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([name, item]) => [name, isJsonObject(item) ? withoutNulls(item) : item] as const)
      .filter(([, item]) => !(isJsonObject(item) && Object.keys(item).length === 0)),
  );
}
