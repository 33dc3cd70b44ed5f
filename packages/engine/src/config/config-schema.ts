/**
 * The schemas of plugin documents, over field names in Docker's spelling. A missing field or null is the zero value,
 * as Go's decoder has it; a value of another type is an error that names the path and the value.
 */
import { isOutboardError, OutboardError, parseDigest, showValue } from '@outboard/oci';
import * as z from 'zod';
import { parseInterfaceType } from './interface-type.ts';
import type { PluginConfig } from './plugin-config.ts';

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const textOrNull = z
  .string()
  .nullish()
  .transform((value) => value ?? null);
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
const userId = z
  .number()
  .int()
  .min(0)
  .max(0xffffffff)
  .nullish()
  .transform((value) => value ?? 0);

function listOf<T extends z.ZodType>(item: T) {
  return z
    .array(item)
    .nullish()
    .transform((value) => value ?? null);
}

/** An object whose absence means the object with every field absent. */
function fieldsOf<T extends z.ZodRawShape>(shape: T) {
  return z.preprocess((value) => value ?? {}, z.object(shape));
}

const texts = listOf(text);

const mountSchema = fieldsOf({
  Name: text,
  Description: text,
  Source: textOrNull,
  Destination: text,
  Type: text,
  Options: texts,
  Settable: texts,
}).transform((mount) => ({
  name: mount.Name,
  description: mount.Description,
  source: mount.Source,
  destination: mount.Destination,
  type: mount.Type,
  options: mount.Options,
  settable: mount.Settable,
}));

const deviceSchema = fieldsOf({
  Name: text,
  Description: text,
  Path: textOrNull,
  Settable: texts,
}).transform((device) => ({
  name: device.Name,
  description: device.Description,
  path: device.Path,
  settable: device.Settable,
}));

const envSchema = fieldsOf({ Name: text, Description: text, Value: textOrNull, Settable: texts }).transform(
  (env) => ({ name: env.Name, description: env.Description, value: env.Value, settable: env.Settable }),
);

const argsSchema = fieldsOf({ Name: text, Description: text, Value: texts, Settable: texts }).transform(
  (args) => ({ name: args.Name, description: args.Description, value: args.Value, settable: args.Settable }),
);

const digestSchema = z.string().transform((value, context) => {
  try {
    return parseDigest(value);
  } catch (error) {
    if (!isOutboardError(error)) throw error;
    context.addIssue({ code: 'custom', message: 'sha256: and 64 lower-case hex digits' });
    return z.NEVER;
  }
});

/** Reads a plugin config. */
export const configSchema = fieldsOf({
  Args: argsSchema,
  Description: text,
  DockerVersion: text,
  Documentation: text,
  Entrypoint: texts,
  Env: listOf(envSchema),
  Interface: fieldsOf({ ProtocolScheme: text, Socket: text, Types: listOf(text) }),
  IpcHost: flag,
  Linux: fieldsOf({ AllowAllDevices: flag, Capabilities: texts, Devices: listOf(deviceSchema) }),
  Mounts: listOf(mountSchema),
  Network: fieldsOf({ Type: text }),
  PidHost: flag,
  PropagatedMount: text,
  User: fieldsOf({ GID: userId, UID: userId }),
  WorkDir: text,
  rootfs: z.object({ type: text, diff_ids: listOf(digestSchema) }).nullish(),
}).transform(
  (config): PluginConfig => ({
    description: config.Description,
    documentation: config.Documentation,
    interface: {
      types: config.Interface.Types?.map(parseInterfaceType) ?? null,
      socket: config.Interface.Socket,
      protocolScheme: config.Interface.ProtocolScheme,
    },
    entrypoint: config.Entrypoint,
    workDir: config.WorkDir,
    user: { uid: config.User.UID, gid: config.User.GID },
    network: { type: config.Network.Type },
    ipcHost: config.IpcHost,
    pidHost: config.PidHost,
    propagatedMount: config.PropagatedMount,
    mounts: config.Mounts,
    env: config.Env,
    args: config.Args,
    linux: {
      capabilities: config.Linux.Capabilities,
      allowAllDevices: config.Linux.AllowAllDevices,
      devices: config.Linux.Devices,
    },
    ...(config.rootfs ? { rootfs: { type: config.rootfs.type, diffIds: config.rootfs.diff_ids ?? [] } } : {}),
    ...(config.DockerVersion === '' ? {} : { dockerVersion: config.DockerVersion }),
  }),
);

/** Reads a plugin's settings. An absent list is empty: settings know no null. */
export const settingsSchema = fieldsOf({
  Args: texts,
  Devices: listOf(deviceSchema),
  Env: texts,
  Mounts: listOf(mountSchema),
}).transform((settings) => ({
  mounts: settings.Mounts ?? [],
  devices: settings.Devices ?? [],
  env: settings.Env ?? [],
  args: settings.Args ?? [],
}));

/** Reads a plugin object. */
export const pluginSchema = z.object({
  Config: configSchema,
  Enabled: flag,
  Id: z.string().regex(/^[a-f0-9]{64}$/),
  Name: z.string().min(1),
  PluginReference: text,
  Settings: settingsSchema,
});

/** Reads a list of privileges. */
export const privilegeListSchema = z.array(
  z.object({ Name: text, Description: text, Value: texts }).transform((privilege) => ({
    name: privilege.Name,
    description: privilege.Description,
    value: privilege.Value ?? [],
  })),
);

/**
 * Read a value with a schema.
 * @param subject what the value is, for the message
 * @throws {OutboardError} invalid with the path of the first wrong value, what it is and what it should be
 */
export function readWithSchema<T extends z.ZodType>(schema: T, value: unknown, subject: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path ?? [];
  const got = path.reduce<unknown>((at, key) => (isKeyed(at) ? at[key] : undefined), value);
  const where = path.length === 0 ? '' : ` ${JSON.stringify(formatPath(path))}:`;
  throw new OutboardError(
    'invalid',
    `${subject}:${where} expected ${expectation(issue)}, got ${showValue(got)}`,
  );
}

function isKeyed(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null;
}

function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

const expectations: ReadonlyMap<string, string> = new Map([
  ['string', 'a string or null'],
  ['boolean', 'true, false or null'],
  ['array', 'an array or null'],
  ['object', 'an object or null'],
]);

function expectation(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'custom') return issue.message;
  if (issue?.code === 'invalid_type') {
    const expected = expectations.get(issue.expected);
    if (expected !== undefined) return expected;
  }
  if (issue?.code === 'invalid_format')
    return `text of the form ${'pattern' in issue ? issue.pattern : issue.format}`;
  return issue?.code === 'too_small' && issue.origin === 'string'
    ? 'text that is not empty'
    : 'a whole number from 0 to 4294967295';
}
