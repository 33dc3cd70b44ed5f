/**
 * Mounts of volumes with several consumers: the driver mounts for the first one and unmounts after the last one.
 */

import { PluginError } from '../plugin-error.ts';
import type { CallContext } from '../wire/call.ts';
import type { MountJournal } from './mount-journal.ts';
import type { VolumeDriver } from './volume-driver.ts';

/** Keeps driver and journal consistent. The caller serializes calls for one volume. */
export class VolumeMounts {
  readonly #driver: VolumeDriver;
  readonly #journal: MountJournal;
  /** Mount points of this process. Those of an earlier process vanished with its mount namespace. */
  readonly #mountpoints = new Map<string, string>();

  constructor(driver: VolumeDriver, journal: MountJournal) {
    this.#driver = driver;
    this.#journal = journal;
  }

  /** Volumes with a mount in the journal. */
  journaledVolumes(): readonly string[] {
    return this.#journal.mountedVolumes();
  }

  /** True if any consumer has mounted the volume. */
  isMounted(volume: string): boolean {
    return this.#journal.isMounted(volume);
  }

  /** Mount point of a volume; undefined while it is not mounted. */
  mountpoint(volume: string): string | undefined {
    return this.#mountpoints.get(volume);
  }

  /** Mount a volume again that consumers mounted before this process started. */
  async restore(volume: string, context: CallContext): Promise<void> {
    if (this.#journal.isMounted(volume)) await this.#mountOnce(volume, context);
  }

  /**
   * Count one more mount, and mount the volume if it is the first one. On failure nothing is counted or mounted, because
   * the engine sends no `Unmount` then; a caller that closed its connection counts as a failure, because it will retry.
   */
  async mount(volume: string, id: string, context: CallContext): Promise<string> {
    const mountpoint = await this.#mountOnce(volume, context);
    try {
      context.signal.throwIfAborted();
      await this.#journal.add(volume, id);
    } catch (error) {
      if (!this.#journal.isMounted(volume)) await this.#unmountNow(volume, context);
      throw error;
    }
    return mountpoint;
  }

  /** Count one mount less, and unmount the volume after the last one. No error for a consumer without a mount. */
  async unmount(volume: string, id: string, context: CallContext): Promise<void> {
    if (!this.#journal.isMountedBy(volume, id)) return;
    if (this.#journal.isLastMount(volume, id)) await this.#unmountNow(volume, context);
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
