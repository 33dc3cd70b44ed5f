/**
 * The contract of references: the clients, volumes and mounts that need a plugin. A plugin with a reference is neither
 * disabled nor removed without force. In the API and on disk references are called uses.
 */
import { codec, hasHiddenCharacters, type ValueOf } from '@outboard/oci';
import { consumerCodec } from './consumer.ts';

/** Kinds of references, such as those shown as `volume data`, `log 3f2a written by dockerd` and `client podman`. */
const referenceKinds = ['volume', 'mount', 'log', 'stream', 'client'] as const;

/** True for a valid name of a holder: 1 to 255 printable characters, without space around them. */
export function isHolder(text: string): boolean {
  return /^\P{C}{1,255}$/u.test(text) && !hasHiddenCharacters(text) && text.trim() === text;
}

/** The table of a reference, on disk and in the API. */
export const referenceCodec = codec.object({
  kind: codec.field('Kind', codec.oneOf(...referenceKinds)),
  /** Name of the holder, such as a volume's name; 1 to 255 printable characters. */
  holder: codec.field('Holder', codec.textThat(isHolder, '1 to 255 printable characters', ['data/3f2a'])),
  since: codec.field('Since', codec.instant),
  /** The process behind it, as far as it is known. */
  consumer: codec.optionalField('Consumer', consumerCodec),
  /** Remark for operators, such as `its driver no longer lists it`. */
  note: codec.optionalField('Note', codec.nonEmptyText),
});

/** A reference to one plugin, identified by kind and holder together. */
export type PluginReference = ValueOf<typeof referenceCodec>;

/** The part that identifies a reference. */
export type ReferenceId = Pick<PluginReference, 'kind' | 'holder'>;

/** Computes references that another store keeps, such as those of volumes; called at every look-up. */
export type ReferenceSource = (pluginId: string) => readonly PluginReference[];

/** References to all plugins. */
export interface PluginReferences {
  /** References to one plugin, oldest first. */
  of(pluginId: string): readonly PluginReference[];
  /**
   * Add a reference to a plugin, enabled or not. It survives restarts of the daemon and a disable by force; the removal
   * of the plugin deletes it. Adding it twice changes nothing.
   * @throws {OutboardError} invalid for a holder that cannot be shown; not-found; conflict at 4,096 references
   */
  add(pluginId: string, reference: ReferenceId): Promise<void>;
  /** Remove a reference; nothing happens when there is none. */
  remove(pluginId: string, reference: ReferenceId): Promise<void>;
  /**
   * Add a source of references that are kept elsewhere.
   * @param refresh looks again at what the source knows of a plugin; never rejects
   */
  addSource(source: ReferenceSource, refresh?: (pluginId: string) => Promise<void>): void;
  /** Look again at what sources know of a plugin, before its references are shown. Bounded to seconds; never rejects. */
  refresh(pluginId: string): Promise<void>;
}
