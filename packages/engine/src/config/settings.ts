/**
 * Settings: the values in force for a plugin. They are the config's at first and are changed by `set`; the config never
 * changes.
 * @see moby daemon/pkg/plugin/v2/plugin.go and settable.go (28.x), whose grammar and error texts are kept
 */
import { OutboardError, showValue } from '@outboard/oci';
import type { PluginConfig, PluginDevice, PluginMount, PluginSettings } from './plugin-config.ts';
import { parseGivenValue } from './value-source.ts';

/** Bytes of one value: with its name it must be an argument that Linux takes (MAX_ARG_STRLEN). */
export const maxValueBytes = 120 * 1024;

/** Upper bound of the arguments of one `set`, more than a config can have settings. */
const maxArguments = 4096;

/** Derive the settings of a newly installed plugin. */
export function initialSettings(config: PluginConfig): PluginSettings {
  return {
    mounts: config.mounts ?? [],
    devices: config.linux.devices ?? [],
    env: (config.env ?? []).flatMap((env) => (env.value === null ? [] : [`${env.name}=${env.value}`])),
    args: config.args.value ?? [],
  };
}

/** Meaning of `set` arguments. */
export interface ApplyOptions {
  /** True: a value that begins with `@` is as `parseGivenValue` says. Default: every value is literal, as in Docker. */
  readonly readsSources?: boolean | undefined;
}

/**
 * Apply `set` arguments, each `<name>[.<field>][=<value>]`, in order. All of them apply or none does.
 * @throws {OutboardError} invalid: grammar, an unknown name, or a field that the config does not allow to be set
 */
export function applySettings(
  config: PluginConfig,
  settings: PluginSettings,
  args: readonly string[],
  { readsSources = false }: ApplyOptions = {},
): PluginSettings {
  if (args.length > maxArguments) {
    throw invalid(`cannot set ${args.length} values at once: want at most ${maxArguments}`);
  }
  const places = placesOf(config);
  const last = new Map<Place, SettingArgument>();
  for (const text of args) {
    const parsed = parseArgument(text);
    const arg = readsSources ? readValue(parsed) : parsed;
    const place = places.get(arg.name);
    if (place === undefined)
      throw invalid(`setting ${JSON.stringify(arg.name)} not found in the plugin configuration`);
    requirePlace(place, arg);
    last.set(place, arg);
  }
  return applyAll(settings, last);
}

interface SettingArgument {
  readonly name: string;
  /** Empty when the argument names none. */
  readonly field: string;
  readonly value: string;
  /** True when the value is the text of a source. */
  readonly isSourced: boolean;
}

function readValue(arg: SettingArgument): SettingArgument {
  const given = parseGivenValue(arg.value, arg.name);
  return given.kind === 'literal' ? { ...arg, value: given.value } : { ...arg, isSourced: true };
}

function parseArgument(arg: string): SettingArgument {
  const equals = arg.indexOf('=');
  if (equals === 0) throw invalid('invalid format, must be <name>[.<field>][=<value>]');
  const left = equals < 0 ? arg : arg.slice(0, equals);
  const value = equals < 0 ? '' : arg.slice(equals + 1);
  if (value.includes('\0') || Buffer.byteLength(value) > maxValueBytes) {
    throw invalid(
      `cannot set ${showValue(left)}: want a value without NUL, of at most ${maxValueBytes} bytes`,
    );
  }
  const dot = left.lastIndexOf('.');
  if (dot <= 0) return { name: left, field: '', value, isSourced: false };
  return { name: left.slice(0, dot), field: left.slice(dot + 1), value, isSourced: false };
}

/** The change that an argument asks for, by its kind. */
type Place =
  | { readonly kind: 'env'; readonly entry: NonNullable<PluginConfig['env']>[number] }
  | { readonly kind: 'mount'; readonly entry: PluginMount }
  | { readonly kind: 'device'; readonly entry: PluginDevice }
  | { readonly kind: 'args'; readonly entry: PluginConfig['args'] };

/** The first entry of each name, in Docker's order: env, mounts, devices, args. */
function placesOf({ env, mounts, linux, args }: PluginConfig): ReadonlyMap<string, Place> {
  const all: readonly Place[] = [
    ...(env ?? []).map((entry) => ({ kind: 'env', entry }) as const),
    ...(mounts ?? []).map((entry) => ({ kind: 'mount', entry }) as const),
    ...(linux.devices ?? []).map((entry) => ({ kind: 'device', entry }) as const),
    { kind: 'args', entry: args },
  ];
  // The first of a name is the last to be put there.
  return new Map(all.toReversed().map((place) => [place.entry.name, place]));
}

/** Refuse what may not be changed. @throws {OutboardError} invalid */
function requirePlace(place: Place, arg: SettingArgument): void {
  if (arg.isSourced && place.kind !== 'env') {
    throw invalid(
      `cannot set ${showValue(arg.name)}: only a variable of the environment takes a source; write @@ for a value that begins with @`,
    );
  }
  const field = { env: 'value', mount: 'source', device: 'path', args: 'value' }[place.kind];
  requireSettable(arg, field, place.entry.settable);
  if (place.kind === 'mount' && place.entry.source === null)
    throw invalid('plugin config has no mount source');
  if (place.kind === 'device' && place.entry.path === null) throw invalid('plugin config has no device path');
}

function applyAll(settings: PluginSettings, last: ReadonlyMap<Place, SettingArgument>): PluginSettings {
  const env = new EnvChanges(settings.env);
  let { mounts, devices, args } = settings;
  for (const [place, { value, isSourced }] of last) {
    const { name } = place.entry;
    if (place.kind === 'env') env.set(name, value, isSourced);
    else if (place.kind === 'mount') mounts = withMountSource(mounts, place.entry, value);
    else if (place.kind === 'device') devices = withDevicePath(devices, place.entry, value);
    else args = value.split(' ');
  }
  const { sourced, ...others } = settings;
  const names = env.sourced(sourced);
  return { ...others, mounts, devices, args, env: env.entries, ...(names.length > 0 && { sourced: names }) };
}

/** Changes of variables, each in its place when it exists. */
class EnvChanges {
  readonly entries: string[];
  /** Index of the first entry of each name. */
  readonly #places: Map<string, number>;
  /** True for a name whose value is a source. */
  readonly #isSourced = new Map<string, boolean>();

  constructor(entries: readonly string[]) {
    this.entries = [...entries];
    const places = entries.flatMap((entry, index): [string, number][] => {
      const end = entry.indexOf('=');
      return end === -1 ? [] : [[entry.slice(0, end), index]];
    });
    this.#places = new Map(places.toReversed());
  }

  set(name: string, value: string, isSourced: boolean): void {
    const index = this.#places.get(name) ?? this.entries.length;
    this.#places.set(name, index);
    this.entries[index] = `${name}=${value}`;
    this.#isSourced.set(name, isSourced);
  }

  /** Names whose value is a source, after these changes. */
  sourced(before: readonly string[] = []): readonly string[] {
    const kept = before.filter((name) => !this.#isSourced.has(name));
    return [...kept, ...[...this.#isSourced].filter(([, isSourced]) => isSourced).map(([name]) => name)];
  }
}

function requireSettable(arg: SettingArgument, allowed: string, settable: readonly string[] | null): void {
  const list = settable ?? [];
  if (arg.field === '' && list.length > 1)
    throw invalid('multiple fields are settable, one must be specified');
  const field = arg.field === '' ? (list[0] ?? '') : arg.field;
  if (field === allowed && list.includes(field)) return;
  throw invalid(`${JSON.stringify(field === '' ? arg.name : `${arg.name}.${field}`)} is not settable`);
}

/** Set one variable, in its place when it exists. */
export function withEnv(env: readonly string[], name: string, value: string): readonly string[] {
  const entry = `${name}=${value}`;
  const index = env.findIndex((existing) => existing.startsWith(`${name}=`));
  return index < 0 ? [...env, entry] : env.with(index, entry);
}

function withMountSource(
  mounts: readonly PluginMount[],
  mount: PluginMount,
  source: string,
): readonly PluginMount[] {
  return replaceFirst(mounts, ({ name }) => name === mount.name, { ...mount, source });
}

function withDevicePath(
  devices: readonly PluginDevice[],
  device: PluginDevice,
  path: string,
): readonly PluginDevice[] {
  return replaceFirst(devices, ({ name }) => name === device.name, { ...device, path });
}

/** Replace an entry, or add it: settings that Docker wrote may lack an entry of the config. */
function replaceFirst<T>(list: readonly T[], matches: (item: T) => boolean, replacement: T): readonly T[] {
  const index = list.findIndex(matches);
  return index < 0 ? [...list, replacement] : list.with(index, replacement);
}

function invalid(message: string): OutboardError {
  return new OutboardError('invalid', message);
}
