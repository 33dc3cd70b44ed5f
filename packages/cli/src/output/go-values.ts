/**
 * Fields of documents as Go's types have them, for templates that were written for docker: JSON omits empty fields, and does
 * not tell an empty list from an empty pointer.
 * @see moby api/types/plugin.go, api/types/volume/volume.go (28.x)
 */
import { field } from '../json-field.ts';
import { asGoMap } from '../template/shown-text.ts';

/** Fields of plugins that are lists; `null` in JSON if they are empty. */
const listFields = new Set([
  'Args',
  'Capabilities',
  'Devices',
  'Entrypoint',
  'Env',
  'Mounts',
  'Options',
  'Settable',
  'Types',
]);

/** A list that templates print as `[]`, and that is `null` in JSON. */
const emptyList = Object.freeze(hide([], { toJSON: () => null }));

/** A document of a plugin, in which templates find the fields of Docker's types that JSON omits. */
export function withPluginFields(document: object): object {
  const [config, settings] = ['Config', 'Settings'].map((key) => withLists(field(document, key), key));
  if (typeof config !== 'object' || config === null) return document;
  const [user, rootfs, communication] = ['User', 'rootfs', 'Interface'].map((key) => field(config, key));
  if (isFields(user)) hide(user, { UID: 0, GID: 0 });
  if (isFields(communication)) hide(communication, { ProtocolScheme: '' });
  if (isFields(rootfs)) hide(rootfs, { DiffIds: field(rootfs, 'diff_ids') ?? emptyList });
  hide(config, { DockerVersion: '', Rootfs: null });
  return { ...document, Config: config, ...(settings !== undefined && { Settings: settings }) };
}

/** A document of a volume, whose maps templates print as Go does. */
export function withVolumeMaps(document: object): object {
  const maps = ['Labels', 'Options', 'Status'].map((key) => {
    const value = field(document, key);
    return [key, isFields(value) ? asGoMap(value) : hide(asGoMap({}), { toJSON: () => null })];
  });
  return { ...document, ...Object.fromEntries(maps) };
}

function withLists(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return value.map((each) => withLists(each, ''));
  if (!isFields(value)) return value;
  const entries = Object.entries(value).map(([name, inner]) => {
    const isList = listFields.has(name) || (name === 'Value' && key === 'Args');
    return [name, inner === null && isList ? emptyList : withLists(inner, name)];
  });
  return Object.fromEntries(entries);
}

function isFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Add properties that JSON and `{{range}}` do not see, unless they exist. */
function hide<Value extends object>(value: Value, properties: Readonly<Record<string, unknown>>): Value {
  for (const [name, content] of Object.entries(properties)) {
    const exists = Object.keys(value).some((own) => own.toLowerCase() === name.toLowerCase());
    if (!exists) Object.defineProperty(value, name, { value: content });
  }
  return value;
}
