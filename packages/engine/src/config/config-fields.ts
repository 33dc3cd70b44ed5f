/**
 * The field names of a plugin config in Docker's spelling and order, and the reading of documents that spell them
 * in any letter case. One spelling per field: a document that could be read in two ways is refused, because another
 * engine would see other privileges in it.
 * @see Docker Engine API v1.51, definition PluginConfig (Go encodes its fields in this order)
 */
import {
  foldFieldName,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  OutboardError,
  showValue,
} from '@outboard/oci';
import { editDistance } from './edit-distance.ts';

/** What is known about a value: the fields of an object, the items of an array, or (neither) a plain value. */
export interface FieldTable {
  readonly fields?: Readonly<Record<string, FieldTable>>;
  readonly items?: FieldTable;
}

const plain: FieldTable = {};

function fieldsNamed(...names: readonly string[]): FieldTable {
  return { fields: Object.fromEntries(names.map((name) => [name, plain])) };
}

const mountFields = fieldsNamed(
  'Description',
  'Destination',
  'Name',
  'Options',
  'Settable',
  'Source',
  'Type',
);
const deviceFields = fieldsNamed('Description', 'Name', 'Path', 'Settable');

/** The fields of a plugin config. */
export const configFields: FieldTable = {
  fields: {
    Args: fieldsNamed('Description', 'Name', 'Settable', 'Value'),
    Description: plain,
    DockerVersion: plain,
    Documentation: plain,
    Entrypoint: plain,
    Env: { items: fieldsNamed('Description', 'Name', 'Settable', 'Value') },
    Interface: fieldsNamed('ProtocolScheme', 'Socket', 'Types'),
    IpcHost: plain,
    Linux: { fields: { AllowAllDevices: plain, Capabilities: plain, Devices: { items: deviceFields } } },
    Mounts: { items: mountFields },
    Network: fieldsNamed('Type'),
    PidHost: plain,
    PropagatedMount: plain,
    User: fieldsNamed('GID', 'UID'),
    WorkDir: plain,
    outboard: plain,
    rootfs: fieldsNamed('diff_ids', 'type'),
  },
};

/** The fields of a plugin's settings. */
export const settingsFields: FieldTable = {
  fields: { Args: plain, Devices: { items: deviceFields }, Env: plain, Mounts: { items: mountFields } },
};

/** The fields of a plugin object. */
export const pluginFields: FieldTable = {
  fields: {
    Config: configFields,
    Enabled: plain,
    Id: plain,
    Name: plain,
    PluginReference: plain,
    Settings: settingsFields,
  },
};

/** The items of a list of privileges. */
export const privilegeListFields: FieldTable = { items: fieldsNamed('Name', 'Description', 'Value') };

const maxWarnings = 32;

/** Told of an unknown key. @param meant the field that it seems to be, misspelt */
export type WarnOfKey = (warning: string, meant: string | undefined) => void;

/**
 * Rewrite a document with every known field in Docker's spelling and order; unknown keys follow, as they are.
 * Objects of the result have no prototype, so that no name from outside can reach one.
 *
 * @param subject what the document is, for messages
 * @param warn told of unknown keys, a bounded number of times
 * @throws {OutboardError} invalid when two keys mean the same field, or a key only looks like one
 */
export function canonicalizeFields(
  document: JsonValue,
  table: FieldTable,
  subject: string,
  warn: WarnOfKey = () => {},
): JsonValue {
  let warnings = 0;
  const unknown: Reading['unknown'] = (at, key, names) => {
    warnings += 1;
    if (warnings > maxWarnings) return;
    const meant = closestName(key, names);
    const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`;
    warn(`unknown key ${showValue(at)} is kept but has no effect${hint}`, meant);
  };
  return rewrite(document, table, '', { subject, unknown });
}

/** Folded names of fields, and their spelling. */
type FieldNames = ReadonlyMap<string, string>;

interface Reading {
  readonly subject: string;
  readonly unknown: (at: string, key: string, names: FieldNames) => void;
}

function rewrite(value: JsonValue, table: FieldTable, path: string, reading: Reading): JsonValue {
  const { fields, items } = table;
  if (items !== undefined && Array.isArray(value)) {
    return value.map((item, index) => rewrite(item, items, `${path}[${index}]`, reading));
  }
  return fields !== undefined && isJsonObject(value) ? rewriteObject(value, fields, path, reading) : value;
}

function rewriteObject(
  value: JsonObject,
  fields: Readonly<Record<string, FieldTable>>,
  path: string,
  reading: Reading,
): JsonObject {
  const known = new Map<string, JsonValue>();
  const unknown: [string, JsonValue][] = [];
  const byFolded = new Map(Object.keys(fields).map((name) => [foldFieldName(name), name]));
  for (const [key, item] of Object.entries(value)) {
    const name = byFolded.get(foldFieldName(key));
    const at = path === '' ? (name ?? key) : `${path}.${name ?? key}`;
    if (name === undefined) {
      unknown.push([key, item]);
      reading.unknown(at, key, byFolded);
      continue;
    }
    // Go's decoder takes the long s (U+017F) for an s and the Kelvin sign (U+212A) for a k.
    if (!isAscii(key)) {
      throw ambiguous(reading.subject, `key ${showValue(key)} only looks like ${JSON.stringify(name)}`);
    }
    if (known.has(name)) {
      throw ambiguous(reading.subject, `field ${showValue(at)} is given twice, in different letter case`);
    }
    known.set(name, rewrite(item, fields[name] ?? plain, at, reading));
  }
  const inOrder = Object.keys(fields).flatMap((name): [string, JsonValue][] => {
    const item = known.get(name);
    return item === undefined ? [] : [[name, item]];
  });
  return objectWithoutPrototype([...inOrder, ...unknown]);
}

/** The field that differs from a key in two letters at most, and in less than a third of them. */
function closestName(key: string, names: FieldNames): string | undefined {
  const folded = foldFieldName(key).replace(/[-_ ]/g, '');
  const near = [...names].map(([name, field]) => ({ field, distance: editDistance(folded, name, 3) }));
  const best = near.sort((left, right) => left.distance - right.distance)[0];
  return best !== undefined && best.distance <= Math.min(2, (folded.length - 1) / 3) ? best.field : undefined;
}

/** Make an object that inherits nothing, so that `__proto__` is an ordinary key in it. */
export function objectWithoutPrototype(entries: Iterable<readonly [string, JsonValue]>): JsonObject {
  const object: Record<string, JsonValue> = Object.create(null);
  for (const [key, value] of entries) object[key] = value;
  return object;
}

function ambiguous(subject: string, what: string): OutboardError {
  return new OutboardError('invalid', `${subject}: ambiguous: ${what}; spell each field once, in ASCII`);
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 0x7f) return false;
  }
  return true;
}
