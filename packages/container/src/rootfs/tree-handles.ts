/**
 * Handles on the two directories where look-ups in a container's tree start, shared by many look-ups, so that the
 * mount table of the host is read once.
 */
import { closeSync } from 'node:fs';
import { type OpenedEntry, openTrustedDirectory } from '../linux/open-entry.ts';
import { openPropagatedMount } from './open-propagated-mount.ts';

/** Host paths of a container's tree. */
export interface ContainerTree {
  readonly rootfs: string;
  /** Its propagated mount, if any. */
  readonly propagatedMount?: {
    /** Path in the container: absolute and clean. */
    readonly path: string;
    readonly hostPath: string;
  };
}

/** Shared handles. Dispose closes them, after all look-ups have ended. */
export class TreeHandles implements AsyncDisposable {
  readonly tree: ContainerTree;
  #rootfs: number | undefined;
  #propagatedMount: Promise<OpenedEntry> | undefined;

  constructor(tree: ContainerTree) {
    this.tree = tree;
  }

  /** Handle of the root filesystem. */
  rootfs(): number {
    this.#rootfs ??= openTrustedDirectory(this.tree.rootfs);
    return this.#rootfs;
  }

  /** Look-up of the propagated mount, made once. */
  propagatedMount(hostPath: string): Promise<OpenedEntry> {
    this.#propagatedMount ??= openPropagatedMount(hostPath);
    return this.#propagatedMount;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#rootfs !== undefined) closeSync(this.#rootfs);
    const found = await this.#propagatedMount?.catch(() => undefined); // the caller got the error
    if (found?.type === 'directory') closeSync(found.handle);
  }
}
