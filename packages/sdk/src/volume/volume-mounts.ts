/**
 * Mounting volumes for several consumers at once: the driver mounts for the first and unmounts after the last.
 */

import { PluginError } from '../plugin-error.ts';
import type { CallContext } from '../wire/call.ts';
import type { MountJournal } from './mount-journal.ts';
import type { VolumeDriver } from './volume-driver.ts';

/** Keeps driver and journal in step. Calls for one volume are serialised by the caller. */
export class VolumeMounts {
  readonly #driver: VolumeDriver;
  readonly #journal: MountJournal;
  /** Where volumes are mounted by this very process. Mounts of an earlier one went with its mount namespace. */
  readonly #mountpoints = new Map<string, string>();

  constructor(driver: VolumeDriver, journal: MountJournal) {
    this.#driver = driver;
    this.#journal = journal;
  }

  /** Volumes that consumers hold from before this process. */
  heldEarlier(): readonly string[] {
    return this.#journal.held();
  }

  isHeld(volume: string): boolean {
    return this.#journal.isHeld(volume);
  }

  /** Where the volume is mounted; undefined while it is not. */
  mountpoint(volume: string): string | undefined {
    return this.#mountpoints.get(volume);
  }

  /** Mount a volume again that consumers hold from before this process. */
  async restore(volume: string, context: CallContext): Promise<void> {
    if (this.#journal.isHeld(volume)) await this.#mountOnce(volume, context);
  }

  /**
   * Count one consumer more; mount if the volume is not mounted yet. Nothing is counted or mounted when it fails, for
   * the engine sends no `Unmount` then. That includes a caller that hung up meanwhile: it will ask again.
   */
  async mount(volume: string, id: string, context: CallContext): Promise<string> {
    const mountpoint = await this.#mountOnce(volume, context);
    try {
      context.signal.throwIfAborted();
      await this.#journal.add(volume, id);
    } catch (error) {
      if (!this.#journal.isHeld(volume)) await this.#unmountNow(volume, context);
      throw error;
    }
    return mountpoint;
  }

  /** Count one consumer less; unmount after the last. One that does not hold the volume is no error. */
  async unmount(volume: string, id: string, context: CallContext): Promise<void> {
    if (!this.#journal.isHeldBy(volume, id)) return;
    if (this.#journal.isLast(volume, id)) await this.#unmountNow(volume, context);
    await this.#journal.subtract(volume, id);
  }

  async #mountOnce(volume: string, context: CallContext): Promise<string> {
    const known = this.#mountpoints.get(volume);
    if (known !== undefined) return known;
    const mountpoint = await this.#driver.mount(volume, context);
    if (!mountpoint.startsWith('/')) {
      throw new PluginError(
        `the driver mounted volume "${volume}" at "${mountpoint}", which is not absolute`,
      );
    }
    this.#mountpoints.set(volume, mountpoint);
    return mountpoint;
  }

  async #unmountNow(volume: string, context: CallContext): Promise<void> {
    await this.#driver.unmount(volume, context);
    this.#mountpoints.delete(volume);
  }
}
