/**
 * Volumes that were mounted since the boot, in memory and in the journal. Disk is written first.
 */
import { type HeldVolume, isHeld } from './held-volume.ts';
import type { MountJournal } from './mount-journal.ts';

/** Volumes by driver and name. */
export class VolumeTable {
  readonly #journal: MountJournal;
  readonly #volumes = new Map<string, Map<string, HeldVolume>>();

  constructor(journal: MountJournal, loaded: readonly HeldVolume[]) {
    this.#journal = journal;
    for (const held of loaded) this.#index(held);
  }

  get(driver: string, volume: string): HeldVolume | undefined {
    return this.#volumes.get(driver)?.get(volume);
  }

  ofDriver(driver: string): readonly HeldVolume[] {
    return [...(this.#volumes.get(driver)?.values() ?? [])];
  }

  /** Full names. */
  drivers(): readonly string[] {
    return [...this.#volumes.keys()];
  }

  /** A volume that nobody holds is kept while it is known to be a mount. */
  async save(held: HeldVolume): Promise<void> {
    if (!isHeld(held) && held.fileSystem === '') return this.drop(held);
    await this.#journal.write(held);
    this.#index(held);
  }

  async drop(held: HeldVolume): Promise<void> {
    await this.#journal.remove(held);
    const volumes = this.#volumes.get(held.driver);
    volumes?.delete(held.volume);
    if (volumes?.size === 0) this.#volumes.delete(held.driver);
  }

  #index(held: HeldVolume): void {
    const volumes = this.#volumes.get(held.driver) ?? new Map<string, HeldVolume>();
    this.#volumes.set(held.driver, volumes.set(held.volume, held));
  }
}
