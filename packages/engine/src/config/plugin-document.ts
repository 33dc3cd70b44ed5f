/**
 * The documents of plugins, on the wire and on disk: Docker's field names and order, to and from typed values.
 * An array that was absent stays null and an empty one stays empty, as Docker shows them.
 * @see Docker Engine API v1.51, definitions Plugin, PluginConfig and PluginPrivilege
 */
import {
  type Digest,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  OutboardError,
  showValue,
} from '@outboard/oci';
import {
  canonicalizeFields,
  configFields,
  type FieldTable,
  objectWithoutPrototype,
  pluginFields,
  privilegeListFields,
  settingsFields,
} from './config-fields.ts';
import { pluginSchema, privilegeListSchema, readWithSchema, settingsSchema } from './config-schema.ts';
import { formatInterfaceType } from './interface-type.ts';
import { readConfigDocument } from './parse-plugin-config.ts';
import type {
  Plugin,
  PluginConfig,
  PluginDevice,
  PluginMount,
  PluginSettings,
  Privilege,
} from './plugin-config.ts';

/** A config as Docker writes it: every key but those that Docker omits when empty. */
export function toConfigDocument(config: PluginConfig): JsonObject {
  const { args, env, linux, mounts, rootfs, user } = config;
  return {
    Args: { Description: args.description, Name: args.name, Settable: args.settable, Value: args.value },
    Description: config.description,
    ...(config.dockerVersion === undefined ? {} : { DockerVersion: config.dockerVersion }),
    Documentation: config.documentation,
    Entrypoint: config.entrypoint,
    Env:
      env?.map((entry) => ({
        Description: entry.description,
        Name: entry.name,
        Settable: entry.settable,
        Value: entry.value,
      })) ?? null,
    Interface: toInterfaceDocument(config.interface),
    IpcHost: config.ipcHost,
    Linux: {
      AllowAllDevices: linux.allowAllDevices,
      Capabilities: linux.capabilities,
      Devices: linux.devices?.map(toDeviceDocument) ?? null,
    },
    Mounts: mounts?.map(toMountDocument) ?? null,
    Network: { Type: config.network.type },
    PidHost: config.pidHost,
    PropagatedMount: config.propagatedMount,
    User: { ...(user.gid === 0 ? {} : { GID: user.gid }), ...(user.uid === 0 ? {} : { UID: user.uid }) },
    WorkDir: config.workDir,
    ...(rootfs === undefined ? {} : { rootfs: { diff_ids: [...rootfs.diffIds], type: rootfs.type } }),
  };
}

function toInterfaceDocument(value: PluginConfig['interface']): JsonObject {
  return {
    ...(value.protocolScheme === '' ? {} : { ProtocolScheme: value.protocolScheme }),
    Socket: value.socket,
    Types: value.types?.map(formatInterfaceType) ?? null,
  };
}

function toMountDocument(mount: PluginMount): JsonObject {
  return {
    Description: mount.description,
    Destination: mount.destination,
    Name: mount.name,
    Options: mount.options,
    Settable: mount.settable,
    Source: mount.source,
    Type: mount.type,
  };
}

function toDeviceDocument(device: PluginDevice): JsonObject {
  return { Description: device.description, Name: device.name, Path: device.path, Settable: device.settable };
}

/** Settings as Docker writes them; no array is null. */
export function toSettingsDocument(settings: PluginSettings): JsonObject {
  return {
    Args: [...settings.args],
    Devices: settings.devices.map(toDeviceDocument),
    Env: [...settings.env],
    Mounts: settings.mounts.map(toMountDocument),
  };
}

/** A plugin as Docker shows it in `GET /plugins` and writes it to disk. */
export function toPluginDocument(plugin: Plugin): JsonObject {
  return {
    Config: toConfigDocument(plugin.config),
    Enabled: plugin.enabled,
    Id: plugin.id,
    Name: plugin.name,
    ...(plugin.pluginReference === undefined ? {} : { PluginReference: plugin.pluginReference }),
    Settings: toSettingsDocument(plugin.settings),
  };
}

/** A privilege as Docker shows it. */
export function toPrivilegeDocument(privilege: Privilege): JsonObject {
  return { Name: privilege.name, Description: privilege.description, Value: [...privilege.value] };
}

/**
 * Read granted privileges. Clients in the field send null, `{}` or nothing for none.
 * @throws {OutboardError} invalid for anything else that is not a list of privileges
 */
export function parsePrivileges(document: unknown): readonly Privilege[] {
  const isNone =
    document === undefined ||
    document === null ||
    (isJsonObject(document) && Object.keys(document).length === 0);
  if (isNone) return [];
  const subject = 'invalid JSON: privileges';
  // The schema refuses what is not JSON; until then only arrays and objects are looked into.
  const canonical = canonicalizeFields(document as JsonValue, privilegeListFields, subject);
  return readWithSchema(privilegeListSchema, canonical, subject);
}

/**
 * Read a plugin object, as a record on disk holds it.
 * @throws {OutboardError} invalid
 */
export function parsePluginDocument(document: unknown): Plugin {
  const subject = 'plugin';
  const object = requireObject(document, subject);
  const plugin = readWithSchema(pluginSchema, canonicalizeFields(object, pluginFields, subject), subject);
  return {
    id: plugin.Id,
    name: plugin.Name,
    enabled: plugin.Enabled,
    ...(plugin.PluginReference === '' ? {} : { pluginReference: plugin.PluginReference }),
    settings: plugin.Settings,
    config: plugin.Config,
  };
}

/**
 * Read settings.
 * @throws {OutboardError} invalid
 */
export function parseSettingsDocument(document: unknown): PluginSettings {
  const subject = 'settings';
  const object = requireObject(document, subject);
  return readWithSchema(settingsSchema, canonicalizeFields(object, settingsFields, subject), subject);
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
  const { config } = readConfigDocument(document);
  const typed = toConfigDocument({ ...config, rootfs: { type: 'layers', diffIds } });
  const authored = canonicalizeFields(document, configFields, 'config');
  // Docker has no such field, so the typed document has none either.
  const outboard = isJsonObject(authored) ? authored.outboard : undefined;
  const known = outboard === undefined ? typed : { ...typed, outboard };
  return Buffer.from(`${JSON.stringify(withUnknownKeys(known, authored, configFields))}\n`);
}

/** The typed document, and after its keys those of the authored one that the table does not know. */
function withUnknownKeys(typed: JsonValue, authored: JsonValue | undefined, table: FieldTable): JsonValue {
  const { fields, items } = table;
  if (items !== undefined && Array.isArray(typed) && Array.isArray(authored)) {
    return typed.map((item, index) => withUnknownKeys(item, authored[index], items));
  }
  if (fields === undefined || !isJsonObject(typed) || !isJsonObject(authored)) return typed;
  const known = Object.entries(typed).map(([key, value]): [string, JsonValue] => {
    return [key, withUnknownKeys(value, authored[key], fields[key] ?? {})];
  });
  const unknown = Object.entries(authored).filter(([key]) => !Object.hasOwn(fields, key));
  return objectWithoutPrototype([...known, ...unknown]);
}
