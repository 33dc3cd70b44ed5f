/**
 * Handles on the two places where a look-up in a plugin's tree begins. Many look-ups share them, so that the mount table
 * of the host is read once for all.
 */
import { closeSync } from 'node:fs';
import { type OpenedEntry, openTrustedDirectory } from '../linux/open-entry.ts';
import { openPropagatedMount } from './open-propagated-mount.ts';

/** Where a plugin's own paths lie on the host. */
export interface ContainerTree {
  readonly rootfs: string;
  /** Its propagated mount; absent when it has none. */
  readonly propagatedMount?: {
    /** In the plugin's mount namespace: absolute and clean. */
    readonly path: string;
    readonly hostPath: string;
  };
}

/** Disposing closes the handles; look-ups must have ended. */
export class TreeHandles implements AsyncDisposable {
  readonly tree: ContainerTree;
  #rootfs: number | undefined;
  #propagatedMount: Promise<OpenedEntry> | undefined;

  constructor(tree: ContainerTree) {
    this.tree = tree;
  }

  /** A handle on the root file system. */
  rootfs(): number {
    this.#rootfs ??= openTrustedDirectory(this.tree.rootfs);
    return this.#rootfs;
  }

  /** What is at the propagated mount, as it was when it was first asked for. */
  propagatedMount(hostPath: string): Promise<OpenedEntry> {
    this.#propagatedMount ??= openPropagatedMount(hostPath);
    return this.#propagatedMount;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#rootfs !== undefined) closeSync(this.#rootfs);
    const found = await this.#propagatedMount?.catch(() => undefined); // told to whoever asked
    if (found?.type === 'directory') closeSync(found.handle);
  }
}
