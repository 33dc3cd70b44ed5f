/**
 * Damaged plugins: their records cannot be used, and are read as far as they can.
 */
import { type Digest, OutboardError, parseDigest } from '@outboard/oci';
import { familiarNameOf, refuseAmbiguous } from './familiar-name.ts';

/** A plugin whose record cannot be used. */
export interface DamagedPlugin {
  /** The name of its directory. */
  readonly id: string;
  /** Its local name, if the record still holds it. */
  readonly name?: string | undefined;
  /** Cause of the damage. */
  readonly reason: string;
  /** The record as far as it can be read. */
  readonly text: string;
}

/** @param text the record as far as it can be read; '' when it cannot */
export function damagedPlugin(id: string, error: unknown, text: string): DamagedPlugin {
  const reason = error instanceof Error ? error.message : String(error);
  const name = legibleName(text, id);
  return { id, reason, text, name };
}

/** The plugin's name, or a short ID where it has none. */
export function shownName({ id, name }: Pick<DamagedPlugin, 'id' | 'name'>): string {
  return name ?? id.slice(0, 12);
}

/** Look-up among sound plugins. */
interface SoundPlugins {
  hasName(name: string): boolean;
  hasPrefix(prefix: string): boolean;
}

/**
 * Find what a user typed: a full ID, a name that no sound plugin has, or an ID prefix that no other plugin has.
 * @throws {OutboardError} invalid when several plugins have the prefix
 */
export function findAmongDamaged(
  damaged: ReadonlyMap<string, DamagedPlugin>,
  sound: SoundPlugins,
  typed: string,
): DamagedPlugin | undefined {
  const byId = damaged.get(typed);
  if (byId !== undefined) return byId;
  const name = familiarNameOf(typed);
  if (name !== undefined && sound.hasName(name)) return undefined;
  const all = [...damaged.values()];
  const named = all.find((plugin) => name !== undefined && plugin.name === name);
  if (named !== undefined) return named;
  const [first, ...others] = all.filter(({ id }) => typed !== '' && id.startsWith(typed));
  if (first !== undefined && (others.length > 0 || sound.hasPrefix(typed))) refuseAmbiguous(typed);
  return first;
}

/** Refuse every operation but repair and removal. @throws {OutboardError} conflict, code `plugin-damaged` */
export function refuseDamaged(plugin: DamagedPlugin): never {
  const name = shownName(plugin);
  throw new OutboardError(
    'conflict',
    `plugin ${name} is damaged: ${plugin.reason}; repair it: outboard repair ${name}, or remove it: outboard rm -f ${name}`,
    { code: 'plugin-damaged', details: { id: plugin.id } },
  );
}

/** The name follows the ID in every record. It is checked for its form, since the damage may be in it. */
function legibleName(text: string, id: string): string | undefined {
  const name = new RegExp(`"Id":\\s*"${id}",\\s*"Name":\\s*"([^"\\\\]{1,300})"`).exec(text)?.[1];
  return name !== undefined && familiarNameOf(name) === name ? name : undefined;
}

/** The digest of its manifest, if the record still holds it. */
export function legibleManifest({ text }: DamagedPlugin): Digest | undefined {
  const digest = new RegExp(`"Manifest":\\s*"(${digestPattern})"`).exec(text)?.[1];
  return digest === undefined ? undefined : parseDigest(digest);
}

/** All digests in the record. */
export function legibleDigests({ text }: DamagedPlugin): readonly Digest[] {
  return [...text.matchAll(new RegExp(digestPattern, 'g'))].map(([digest]) => parseDigest(digest));
}

const digestPattern = 'sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}';
