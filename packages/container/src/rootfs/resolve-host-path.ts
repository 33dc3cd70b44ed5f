/**
 * Resolves a path that a container names to a path on the host. The container may change its tree meanwhile, so every
 * component is looked up through a handle on its parent, and links are followed as inside the container: `..` stops
 * at its root, and an absolute target starts there.
 * @see moby daemon/pkg/plugin/v2/plugin.go, ScopedPath (28.x), which does none of this
 */

import { closeSync } from 'node:fs';
import { join } from 'node:path';
import type { Cancellable } from '@outboard/async';
import { isOutboardError, OutboardError } from '@outboard/oci';
import { errorCode } from '../linux/errno.ts';
import { openEntry } from '../linux/open-entry.ts';
import { isAtOrBelow } from '../spec/clean-path.ts';
import { lookUpInMount } from './mount-lookup.ts';
import { type ContainerTree, TreeHandles } from './tree-handles.ts';

/** Limit of the kernel for links in one path. */
const maxLinks = 40;
const maxPathBytes = 4095;
/** One handle is open for each component. */
const maxDepth = 128;

/**
 * Resolve one path. Components that do not exist (yet) are kept as they are.
 *
 * The result is correct at the time of the look-up, and the container can replace it later, since it is a path. No
 * link may lead out of the propagated mount, nor be in a file system that the container mounted: a mount of the
 * result would follow it on the host.
 *
 * @param path absolute in the container; `..` is first removed as text, as Docker does. '' stays ''
 * @throws {OutboardError} system, code `path-escapes`; system for an invalid path; unavailable, code
 *   `plugin-timeout`, when a file system of the container does not answer; the reason of the signal
 */
export async function resolveHostPath(
  tree: ContainerTree,
  path: string,
  options: Cancellable = {},
): Promise<string> {
  await using handles = new TreeHandles(tree);
  return await resolveFrom(handles, path, options); // await before the handles are closed
}

/**
 * Resolve one of many paths.
 * @param handles shared by all look-ups; the caller disposes them after all have ended
 */
export async function resolveFrom(handles: TreeHandles, path: string, options: Cancellable): Promise<string> {
  const { tree } = handles;
  if (path === '') return '';
  if (path.includes('\0') || Buffer.byteLength(path) > maxPathBytes) {
    throw new OutboardError('system', `the container named an invalid path: ${showPath(path)}`);
  }
  const wanted = join('/', path).replace(/(.)\/$/, '$1');
  const reached = await walkTree(handles, wanted);
  const { propagatedMount } = tree;
  const isOfMount = (candidate: string) =>
    propagatedMount !== undefined && isAtOrBelow(candidate, propagatedMount.path);
  if (isOfMount(wanted) && !isOfMount(reached.path)) throw escapes(wanted, reached.path);
  const hostPath = toHost(tree, reached.path);
  if (reached.below.length === 0) return hostPath;
  return lookUpInMount(hostPath, reached.below, options);
}

/** End of a walk: a path without links, and the components below a mount point where the walk stopped. */
interface Reached {
  readonly path: string;
  readonly below: readonly string[];
}

async function walkTree(handles: TreeHandles, wanted: string): Promise<Reached> {
  try {
    return await new Walk(handles, wanted).run();
  } catch (cause) {
    const code = errorCode(cause);
    if (code === undefined || isOutboardError(cause)) throw cause;
    throw new OutboardError('system', `cannot look up path ${showPath(wanted)} of the container: ${code}`, {
      cause,
    });
  }
}

interface Component {
  readonly name: string;
  readonly handle?: number | undefined;
  /** True when other walks share the handle. */
  readonly isShared: boolean;
}

class Walk {
  readonly #handles: TreeHandles;
  readonly #wanted: string;
  /** Components so far, none of them a link; those that do not exist have no handle. */
  readonly #reached: Component[] = [];
  /** Remaining components, the next one last. */
  readonly #rest: string[];

  constructor(handles: TreeHandles, wanted: string) {
    this.#handles = handles;
    this.#wanted = wanted;
    this.#rest = componentsOf(wanted).reverse();
  }

  async run(): Promise<Reached> {
    try {
      return await this.#walk(this.#handles.rootfs());
    } finally {
      this.#leave(0);
    }
  }

  async #walk(root: number): Promise<Reached> {
    let links = 0;
    this.#skipToMount();
    for (let name = this.#rest.pop(); name !== undefined; name = this.#rest.pop()) {
      if (name === '..') {
        this.#leave(this.#reached.length - 1);
        continue;
      }
      const isAtRoot = this.#reached.length === 0;
      const parent = isAtRoot ? root : this.#reached.at(-1)?.handle;
      const found = await this.#lookUp(parent, name);
      if (found.type === 'link') {
        links += 1;
        if (links > maxLinks) throw escapes(this.#wanted, 'too many links');
        if (found.target.startsWith('/')) this.#leave(0);
        this.#rest.push(...componentsOf(found.target).reverse());
        continue;
      }
      this.#enter({
        name,
        handle: found.type === 'directory' ? found.handle : undefined,
        isShared: found.isShared,
      });
      if (found.type === 'mount') return this.#endAtMount();
      if (found.type === 'other' && this.#rest.length > 0) {
        throw new OutboardError('system', `${showPath(this.#path())} of the container is not a directory`);
      }
    }
    return { path: this.#path(), below: [] };
  }

  /**
   * Start a path in the propagated mount at the mount, by text, as Docker does: the root filesystem may have links on
   * the way to it, which the OCI runtime has resolved in its own way.
   */
  #skipToMount(): void {
    const { propagatedMount } = this.#handles.tree;
    if (propagatedMount === undefined || !isAtOrBelow(this.#wanted, propagatedMount.path)) return;
    // All but the last component, which is looked up as any other.
    for (const _ of componentsOf(propagatedMount.path).slice(1))
      this.#enter({ name: this.#rest.pop() ?? '', isShared: false });
  }

  async #lookUp(parent: number | undefined, name: string) {
    const { propagatedMount } = this.#handles.tree;
    const path = `${this.#path() === '/' ? '' : this.#path()}/${name}`;
    if (path === propagatedMount?.path) {
      return { ...(await this.#handles.propagatedMount(propagatedMount.hostPath)), isShared: true };
    }
    return {
      ...(parent === undefined ? ({ type: 'absent' } as const) : openEntry(parent, name)),
      isShared: false,
    };
  }

  #endAtMount(): Reached {
    const below = this.#rest.reverse();
    // Only a link target can contain `..` here, and the directory that it leaves is not to be entered.
    if (below.includes('..')) throw escapes(this.#wanted, below.join('/'));
    return { path: this.#path(), below };
  }

  #enter(component: Component): void {
    this.#reached.push(component);
    if (this.#reached.length > maxDepth) throw escapes(this.#wanted, 'too many directories');
  }

  /** Go up until this many components are left. */
  #leave(count: number): void {
    for (const { handle, isShared } of this.#reached.splice(Math.max(count, 0))) {
      if (handle !== undefined && !isShared) closeSync(handle);
    }
  }

  #path(): string {
    return `/${this.#reached.map(({ name }) => name).join('/')}`;
  }
}

function toHost({ rootfs, propagatedMount }: ContainerTree, path: string): string {
  if (propagatedMount !== undefined && isAtOrBelow(path, propagatedMount.path)) {
    return `${propagatedMount.hostPath}${path.slice(propagatedMount.path.length)}`;
  }
  return path === '/' ? rootfs : `${rootfs}${path}`;
}

function componentsOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function escapes(wanted: string, where: string): OutboardError {
  const message = `path ${showPath(wanted)} of the container leads out of what it may share: ${showPath(where)}`;
  return new OutboardError('system', message, { code: 'path-escapes' });
}

function showPath(path: string): string {
  return JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path);
}
