/**
 * The contract of uses: who needs a plugin. While anyone does, it is neither disabled nor removed without force.
 */
import { hasHiddenCharacters } from '@outboard/oci';

/** What a use is for; also how it is shown: `volume data`, `mount data/3f2a`, `client podman`. */
export type UseKind = (typeof useKinds)[number];
export const useKinds = ['volume', 'mount', 'log', 'client'] as const;

/** One use of one plugin. Kind and holder together name it: there is never more than one of the same. */
export interface PluginUse {
  readonly kind: UseKind;
  /** Who holds it, such as a volume's name; 1 to 255 printable characters. */
  readonly holder: string;
  readonly since: Date;
}

/** Whether a text can name who holds a plugin: 1 to 255 printable characters, and no space around them. */
export function isHolder(text: string): boolean {
  return /^\P{C}{1,255}$/u.test(text) && !hasHiddenCharacters(text) && text.trim() === text;
}

/** Uses that another store keeps, such as the volumes of `/volumes`: asked each time, never copied. */
export type UseSource = (pluginId: string) => readonly PluginUse[];

export interface PluginUses {
  /** Who uses a plugin, oldest first. */
  of(pluginId: string): readonly PluginUse[];
  /**
   * Hold a plugin until released, whether it is enabled or not; survives the daemon, and also being disabled by force,
   * but not the plugin's removal. The same kind and holder again changes nothing.
   * @throws {OutboardError} invalid for a holder that cannot be shown; not-found; conflict when 4,096 hold it already
   */
  hold(pluginId: string, use: Pick<PluginUse, 'kind' | 'holder'>): Promise<void>;
  /** Let go; nothing happens when it was not held. */
  release(pluginId: string, use: Pick<PluginUse, 'kind' | 'holder'>): Promise<void>;
  addSource(source: UseSource): void;
}
