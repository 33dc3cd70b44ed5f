/**
 * Reads options from an author's `config.json`, from clients and from records. Field names are read in any letter case.
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

/** Changes to options, by field. Null resets a field; groups are merged field by field. */
export type PluginOptionsPatch = {
  readonly [Key in keyof PluginOverrides]?: PatchOf<NonNullable<PluginOverrides[Key]>> | null;
};

type PatchOf<Value> = Value extends object ? { readonly [Key in keyof Value]?: Value[Key] | null } : Value;

/**
 * Read a document as a patch of options. Its values are checked when the patch is applied.
 * @throws {OutboardError} invalid: no object, an unknown field, one that is given twice
 */
export function parseOptionsPatch(document: unknown): PluginOptionsPatch {
  // `applyOptionsPatch`, the only reader of a patch, checks the types of its values.
  return readDocument(document, 'options', refuseUnknown) as PluginOptionsPatch;
}

/**
 * Apply a patch to options.
 * @param author options of the plugin's author. A health check is decided as a whole: a patch of one field, where the
 *   operator has no health check, takes over the other fields of the author's
 * @throws {OutboardError} invalid: a wrong type or value; in Docker's words where Docker has an error for it
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
 * Read the options of an author under `outboard`. Unknown fields, which may be of a later version, and values beyond the
 * bounds of authors are left out with a warning.
 * @throws {OutboardError} invalid; also for options that weaken the isolation of the plugin
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

/** Read a document with the names that its fields have in memory. */
function readDocument(document: unknown, subject: string, warn: (warning: string) => void): JsonObject {
  if (!isJsonObject(document)) {
    throw new OutboardError('invalid', `${subject}: expected an object, got ${showValue(document)}`);
  }
  const canonical = canonicalizeFields(document, optionsCodec, subject, warn);
  // Canonicalizing an object gives an object.
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

/** Leave out fields that are null or empty objects. */
function withoutNulls(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([name, item]) => [name, isJsonObject(item) ? withoutNulls(item) : item] as const)
      .filter(([, item]) => !(isJsonObject(item) && Object.keys(item).length === 0)),
  );
}
