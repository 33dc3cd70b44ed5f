/**
 * Follows a path inside a root, one component at a time, with links, as the kernel does under chroot: an absolute
 * link starts at the root, and `..` stops there. Pure: the caller looks up what is at each path.
 */
import { OutboardError } from '@outboard/oci';

/** Limit of the kernel for links in one path. */
const maxLinks = 40;
/** Limits of the work: every look-up starts at the root, with a handle for each component. */
const maxDepth = 128;
const maxLookups = 1024;

/** Result of the look-up of one path. */
export type Found =
  /** `other`: neither directory nor link; `mount`: a mount point, which is not entered. */
  | { readonly type: 'directory' | 'other' | 'absent' | 'mount' }
  | { readonly type: 'link'; readonly target: string };

/** End of a walk. */
export interface WalkEnd {
  /** Absolute, without links. */
  readonly path: string;
  readonly end: Exclude<Found['type'], 'link'>;
  /** Links that were followed. */
  readonly links: readonly string[];
}

/** One walk: call `next` and `take` in turn until there is no next path. */
export class PathWalk {
  readonly #wanted: string;
  /** Remaining components, the next one last. */
  readonly #rest: string[];
  readonly #links: string[] = [];
  #reached: readonly string[] = [];
  #candidate: readonly string[] = [];
  #end: WalkEnd['end'] = 'directory';
  #lookups = 0;

  /** @param path absolute, in the root */
  constructor(path: string) {
    this.#wanted = path;
    this.#rest = path.split('/').reverse();
  }

  /**
   * Components of the next path to look up; all but the last one are no links.
   * @returns undefined at the end
   * @throws {OutboardError} invalid when a parent is not a directory, or the path is too long
   */
  next(): readonly string[] | undefined {
    for (let name = this.#rest.pop(); name !== undefined; name = this.#rest.pop()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        this.#reached = this.#reached.slice(0, -1);
        this.#end = 'directory';
        continue;
      }
      if (this.#end === 'other') {
        const message = `${JSON.stringify(this.#path())} of the container is not a directory`;
        throw new OutboardError('invalid', message);
      }
      this.#candidate = [...this.#reached, name];
      this.#lookups += 1;
      if (this.#candidate.length > maxDepth || this.#lookups > maxLookups) {
        throw new OutboardError(
          'invalid',
          `too many directories on the way to ${JSON.stringify(this.#wanted)}`,
        );
      }
      return this.#candidate;
    }
    return undefined;
  }

  /**
   * Continue at the path that was looked up, or at the target of its link.
   * @throws {OutboardError} invalid after too many links
   */
  take(found: Found): void {
    if (found.type !== 'link') {
      this.#reached = this.#candidate;
      this.#end = found.type;
      return;
    }
    this.#links.push(`/${this.#candidate.join('/')}`);
    if (this.#links.length > maxLinks) {
      throw new OutboardError('invalid', `too many links on the way to ${JSON.stringify(this.#wanted)}`);
    }
    if (found.target.startsWith('/')) this.#reached = [];
    this.#end = 'directory';
    this.#rest.push(...found.target.split('/').reverse());
  }

  end(): WalkEnd {
    return { path: this.#path(), end: this.#end, links: this.#links };
  }

  #path(): string {
    return `/${this.#reached.join('/')}`;
  }
}
