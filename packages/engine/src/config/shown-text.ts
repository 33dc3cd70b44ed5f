/**
 * Checks the texts of a config that an operator reads before consent. A name or path that a terminal displays as another
 * one, or as several lines, would obtain consent to something else (Trojan Source, CVE-2021-42574).
 */
import { hasHiddenCharacters } from '@outboard/oci';
import { fieldRefusal } from './describe-finding.ts';
import type { PluginConfig } from './plugin-config.ts';

/**
 * Refuse texts that a terminal displays as other texts.
 * @throws {OutboardError} invalid with the field and its value, hidden characters escaped
 */
export function checkShownTexts(config: PluginConfig): void {
  for (const [field, text] of namesAndPaths(config)) {
    if (hasHiddenCharacters(text))
      throw fieldRefusal(field, text, 'text without control and invisible characters');
  }
  for (const [field, text] of prose(config)) {
    if (rewritesScreen(text))
      throw fieldRefusal(field, text, 'text without controls of terminals and of direction');
  }
}

type FieldText = readonly [field: string, text: string];

function* namesAndPaths({ args, env, interface: { protocolScheme }, linux, mounts }: PluginConfig) {
  yield* fields('Mounts', mounts, ({ name, source, type }) => [
    ['Name', name],
    ['Source', source ?? ''],
    ['Type', type],
  ]);
  yield* fields('Linux.Devices', linux.devices, ({ name, path }) => [
    ['Name', name],
    ['Path', path ?? ''],
  ]);
  yield* fields('Env', env, ({ name }) => [['Name', name]]);
  yield ['Args.Name', args.name] satisfies FieldText;
  yield ['Interface.ProtocolScheme', protocolScheme] satisfies FieldText;
}

function* prose({ args, description, documentation, dockerVersion = '', ...config }: PluginConfig) {
  yield ['Description', description] satisfies FieldText;
  yield ['Documentation', documentation] satisfies FieldText;
  yield ['DockerVersion', dockerVersion] satisfies FieldText;
  yield ['Args.Description', args.description] satisfies FieldText;
  const ofItem = (item: { readonly description: string }): readonly FieldText[] => [
    ['Description', item.description],
  ];
  yield* fields('Env', config.env, ofItem);
  yield* fields('Mounts', config.mounts, ofItem);
  yield* fields('Linux.Devices', config.linux.devices, ofItem);
}

function fields<T>(
  list: string,
  items: readonly T[] | null,
  read: (item: T) => readonly FieldText[],
): readonly FieldText[] {
  return (items ?? []).flatMap((item, index) =>
    read(item).map(([field, text]): FieldText => [`${list}[${index}].${field}`, text]),
  );
}

/**
 * True for text that moves the cursor or reverses the direction of the letters that follow. Line breaks, emoji joined by
 * invisible characters, and the direction marks of scripts are allowed in descriptions.
 */
function rewritesScreen(text: string): boolean {
  return /(?![\n\r\t])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(text);
}
