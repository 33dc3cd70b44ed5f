/**
 * Reads options: from an author's `config.json`, from a client, from a record. Documents spell their fields as those of
 * a config (`Limits.MemoryBytes`), and are read in any letter case.
 */
import { isJsonObject, type JsonObject, type JsonValue, OutboardError, showValue } from '@outboard/oci';
import * as z from 'zod';
import { boundAuthorOptions } from './author-bounds.ts';
import { canonicalizeFields, type FieldTable } from './config-fields.ts';
import { readWithSchema } from './config-schema.ts';
import type { PluginOverrides } from './plugin-options.ts';
import { validatePluginOptions } from './validate-plugin-options.ts';

function fieldsNamed(...names: readonly string[]): FieldTable {
  return { fields: Object.fromEntries(names.map((name) => [name, {}])) };
}

/** The fields of options in a document. */
export const optionsFields: FieldTable = {
  fields: {
    CreateMounts: {},
    Health: fieldsNamed('IntervalSeconds', 'Kind', 'Path', 'Restarts', 'Retries', 'TimeoutSeconds'),
    Init: {},
    Limits: fieldsNamed('Cpus', 'MemoryBytes', 'OpenFiles', 'Pids'),
    Log: fieldsNamed('MaxBytes', 'MaxFiles'),
    Restart: fieldsNamed('MaximumRetries', 'Name'),
    Security: fieldsNamed('Apparmor', 'NoNewPrivileges', 'ReadOnlyRootfs', 'Seccomp'),
    StopTimeoutSeconds: {},
  },
};

const number = z.custom<number>(Number.isFinite, 'a number').exactOptional();
const text = z.string().exactOptional();
const flag = z.boolean().exactOptional();

function oneOf<const Names extends readonly string[]>(...names: Names) {
  const expected = names.map((name) => JSON.stringify(name)).join(' or ');
  return z.custom<Names[number]>((value) => names.some((name) => name === value), expected);
}

function fields<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.object(shape).exactOptional();
}

/** Over the names that a document's fields have in memory. What the values mean is judged by `validatePluginOptions`. */
const overridesSchema = z.object({
  limits: fields({ memoryBytes: number, cpus: number, pids: number, openFiles: number }),
  restart: fields({ name: oneOf('always', 'on-failure', 'no'), maximumRetries: number }),
  stopTimeoutSeconds: number,
  health: fields({
    kind: oneOf('socket', 'http', 'none'),
    path: text,
    intervalSeconds: number,
    timeoutSeconds: number,
    retries: number,
    restarts: flag,
  }),
  log: fields({ maxBytes: number, maxFiles: number }),
  security: fields({ seccomp: text, apparmor: text, noNewPrivileges: flag, readOnlyRootfs: flag }),
  createMounts: flag,
  init: flag,
});

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
  const { security, createMounts, init } = options;
  const { readOnlyRootfs, noNewPrivileges, ...others } = security ?? {};
  const weakens =
    createMounts !== undefined ||
    init !== undefined ||
    Object.keys(others).length > 0 ||
    readOnlyRootfs === false ||
    noNewPrivileges === false;
  if (!weakens) return boundAuthorOptions(options, warn);
  throw new OutboardError(
    'invalid',
    `${subject}: only the operator decides about "CreateMounts", "Init", "Security.Seccomp" and "Security.Apparmor"; ` +
      '"Security.NoNewPrivileges" and "Security.ReadOnlyRootfs" may only be true',
  );
}

/** Options as a document, with the fields that are set. */
export function toOptionsDocument(options: PluginOverrides): JsonObject {
  return renamed(options, (name) => name.slice(0, 1).toUpperCase() + name.slice(1));
}

function readOverrides(value: JsonObject, subject: string): PluginOverrides {
  const overrides = readWithSchema(overridesSchema, withoutNulls(value), subject);
  validatePluginOptions(overrides);
  return overrides;
}

/** The document with the names that its fields have in memory. */
function readDocument(document: unknown, subject: string, warn: (warning: string) => void): JsonObject {
  if (!isJsonObject(document)) {
    throw new OutboardError('invalid', `${subject}: expected an object, got ${showValue(document)}`);
  }
  const canonical = canonicalizeFields(document, optionsFields, subject, warn);
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
