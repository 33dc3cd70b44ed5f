/**
 * Follows a path inside a root one component at a time, links included, as the kernel does under chroot: an absolute
 * link begins at the root, and `..` stops there. Pure: what lies at each place is for the caller to tell.
 */
import { OutboardError } from '@outboard/oci';

/** As many links as the kernel follows. */
const maxLinks = 40;
/** Every look begins at the root, with a handle for each component: deep paths and long links cost their product. */
const maxDepth = 128;
const maxLooks = 1024;

/** What lies at a place. */
export type Found =
  /** `other`: neither directory nor link; `mount`: a file system that is mounted there and was not looked into. */
  | { readonly type: 'directory' | 'other' | 'absent' | 'mount' }
  | { readonly type: 'link'; readonly target: string };

/** Where a path leads. */
export interface WalkEnd {
  /** Absolute, without links. */
  readonly path: string;
  readonly end: Exclude<Found['type'], 'link'>;
  /** The links on the way. */
  readonly links: readonly string[];
}

/** One walk: `next` and `take` by turns until there is no next place. */
export class PathWalk {
  readonly #wanted: string;
  /** What is still to be walked, next one last. */
  readonly #rest: string[];
  readonly #links: string[] = [];
  #reached: readonly string[] = [];
  #looked: readonly string[] = [];
  #end: WalkEnd['end'] = 'directory';
  #looks = 0;

  /** @param path absolute, in the root */
  constructor(path: string) {
    this.#wanted = path;
    this.#rest = path.split('/').reverse();
  }

  /**
   * The components of the place to look at next, all but the last of them no links.
   * @returns undefined at the end
   * @throws {OutboardError} invalid when the way goes through something that is no directory, or is too long
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
        const message = `${JSON.stringify(this.#path())} of the plugin is not a directory`;
        throw new OutboardError('invalid', message);
      }
      this.#looked = [...this.#reached, name];
      this.#looks += 1;
      if (this.#looked.length > maxDepth || this.#looks > maxLooks) {
        throw new OutboardError(
          'invalid',
          `too many directories on the way to ${JSON.stringify(this.#wanted)}`,
        );
      }
      return this.#looked;
    }
    return undefined;
  }

  /**
   * Go on to the place that was looked at, or to where its link leads.
   * @throws {OutboardError} invalid after too many links
   */
  take(found: Found): void {
    if (found.type !== 'link') {
      this.#reached = this.#looked;
      this.#end = found.type;
      return;
    }
    this.#links.push(`/${this.#looked.join('/')}`);
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
