/**
 * Candidates for values of options and for arguments, by the names that the rows of commands give them.
 */

import { listContexts } from '../client/docker-context.ts';
import { inspectPlugin, listPlugins } from '../client/plugin-api.ts';
import { listVolumes } from '../client/volume-api.ts';
import { asText, field } from '../json-field.ts';
import { type Candidate, type CandidateSource, type Candidates, plainWords } from './candidate.ts';

type Find = (source: CandidateSource) => Candidates | Promise<Candidates>;

/** Commands whose plugins come from a registry, or get a new name. */
const remoteCommands = new Set(['install', 'privileges', 'create']);
/** Commands for plugins in one of both states; others take all. */
const wantedState: Readonly<Record<string, boolean>> = {
  enable: false,
  set: false,
  disable: true,
  restart: true,
  exec: true,
  debug: true,
  top: true,
  stats: true,
  wait: true,
};

/** By the name of the argument in the table of commands. */
const argumentKinds: Readonly<Record<string, Find>> = {
  PLUGIN: pluginNames,
  VOLUME: volumeNames,
  CONSUMER: () => plainWords(['podman', 'docker', 'nomad']),
  SHELL: () => plainWords(['bash', 'zsh', 'fish']),
  OPERATION: () => plainWords(['fingerprint', 'create', 'delete']),
  'KEY=VALUE': settingKeys,
  'PLUGIN-DATA-DIR': () => 'directories',
  PROJECT: () => 'directories',
  DIRECTORY: () => 'directories',
  TARGET: pluginOrDirectory,
};

/** By the name of the value in the option's flags. */
const optionKinds: Readonly<Record<string, Find>> = {
  address: () => plainWords(['unix://', 'tcp://', 'ssh://'], true),
  directory: () => 'directories',
  file: () => 'files',
  format: formats,
  level: () => plainWords(['trace', 'debug', 'info', 'warn', 'error']),
  plugin: drivers,
  policy: () => plainWords(['always', 'no', 'on-failure', 'on-failure:', 'default']),
};

/** By the long flag, where the name of the value does not say enough. */
const flagKinds: Readonly<Record<string, Find>> = {
  '--context': ({ env }) => ({ words: listContexts(env).map((word) => ({ word, help: 'docker context' })) }),
  '--filter': filters,
  '--health-check': () => plainWords(['socket', 'http', 'none', 'default']),
  '--security-opt': () => plainWords(['seccomp=', 'apparmor=', 'no-new-privileges', 'default'], true),
  '--gateway-mount-calls': () => plainWords(['once', 'each', 'default']),
  '--share': pluginNames,
  '--tag': allPlugins,
  '--kind': () => plainWords(['volume', 'authz', 'network', 'ipam', 'log', 'metrics', 'secret']),
  '--language': () => plainWords(['typescript', 'go', 'python', 'c']),
  '--tail': () => plainWords(['all']),
};

/** Candidates for an argument. @param name such as `PLUGIN` */
export async function argumentCandidates(name: string, source: CandidateSource): Promise<Candidates> {
  return (await argumentKinds[name]?.(source)) ?? { words: [] };
}

/** Candidates for the value of an option. */
export async function valueCandidates(source: CandidateSource): Promise<Candidates> {
  const { position } = source.place;
  if (position.kind !== 'value') return { words: [] };
  const { argChoices, flags, long } = position.option;
  if (argChoices !== undefined) return plainWords(argChoices);
  const name = /<([\w-]+)/.exec(flags)?.[1] ?? '';
  const find = flagKinds[long ?? ''] ?? optionKinds[name];
  return (await find?.(source)) ?? { words: [] };
}

async function pluginNames(source: CandidateSource): Promise<Candidates> {
  const command = source.place.command.name();
  if (remoteCommands.has(command)) return { words: [] };
  return await pluginsIn(wantedState[command], source);
}

/** Plugins, unless the word is a path, or no plugin begins as it does. */
async function pluginOrDirectory(source: CandidateSource): Promise<Candidates> {
  const { typed } = source.place;
  if (/^[./~]/.test(typed)) return 'directories';
  const found = await allPlugins(source).catch(() => ({ words: [] }));
  if (typeof found === 'string') return found;
  return found.words.some(({ word }) => word.startsWith(typed)) ? found : 'directories';
}

/** The formats that the help of the option names. */
function formats({ place: { position } }: CandidateSource): Candidates {
  const help = position.kind === 'value' ? position.option.description : '';
  return plainWords(
    ['json', 'table', 'text', 'docker', 'oci'].filter((name) => new RegExp(`\\b${name}\\b`).test(help)),
  );
}

async function allPlugins(source: CandidateSource): Promise<Candidates> {
  return await pluginsIn(undefined, source);
}

async function pluginsIn(
  wanted: boolean | undefined,
  { openClient, place }: CandidateSource,
): Promise<Candidates> {
  const plugins = await listPlugins(openClient(), {});
  const names = plugins
    .filter(({ isEnabled }) => wanted === undefined || isEnabled === wanted)
    .map(({ name, description }) => ({ word: shortName(name, place.typed), help: description }));
  return { words: names.filter(({ word }) => !place.given.includes(word)) };
}

/** The tag that is meant without one is left out, until the user types a tag. */
function shortName(name: string, typed: string): string {
  return typed.includes(':') ? name : name.replace(/:latest$/, '');
}

/** Plugins that serve volumes; `volume create` also takes the built-in driver. */
async function drivers({ openClient, place }: CandidateSource): Promise<Candidates> {
  const filters = { enabled: { true: true }, capability: { volumedriver: true } } as const;
  const plugins = await listPlugins(openClient(), filters);
  const words = plugins.map(({ name, description }) => ({
    word: shortName(name, place.typed),
    help: description,
  }));
  const local = { word: 'local', help: 'directories of the host' };
  return { words: place.command.name() === 'create' ? [...words, local] : words };
}

async function volumeNames({ openClient, place }: CandidateSource): Promise<Candidates> {
  if (place.command.name() === 'create') return { words: [] };
  const { volumes } = await listVolumes(openClient(), {});
  const words = volumes.map(({ name, driver }) => ({ word: name, help: driver }));
  return { words: words.filter(({ word }) => !place.given.includes(word)) };
}

/** `NAME=` of what the plugin lets an operator set: environment, arguments, sources of mounts, paths of devices. */
async function settingKeys({ openClient, place }: CandidateSource): Promise<Candidates> {
  const [plugin] = place.given;
  if (place.command.name() !== 'set' || plugin === undefined || place.typed.includes('='))
    return { words: [] };
  const config = field(await inspectPlugin(openClient(), plugin), 'Config');
  const fields = [
    { list: field(config, 'Env'), ending: '' },
    { list: field(config, 'Mounts'), ending: '.source' },
    { list: field(field(config, 'Linux'), 'Devices'), ending: '.path' },
  ];
  const args = field(config, 'Args');
  const candidates = fields.flatMap(({ list, ending }) =>
    asList(list).flatMap((entry) => toSetting(entry, ending)),
  );
  return { words: [...candidates, ...toSetting(args, '')], isOpen: true };
}

function toSetting(entry: unknown, ending: string): readonly Candidate[] {
  const [name, settable] = [asText(field(entry, 'Name')), asList(field(entry, 'Settable'))];
  if (name === '' || settable.length === 0) return [];
  return [{ word: `${name}${ending}=`, help: asText(field(entry, 'Description')) }];
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function filters({ place }: CandidateSource): Candidates {
  const [parent, name] = [place.command.parent?.name(), place.command.name()];
  if (parent !== 'volume') {
    return plainWords(['enabled=true', 'enabled=false', 'capability=volumedriver', 'capability='], true);
  }
  return plainWords(
    name === 'prune' ? ['label=', 'label!='] : ['name=', 'driver=', 'label=', 'dangling=true'],
    true,
  );
}
