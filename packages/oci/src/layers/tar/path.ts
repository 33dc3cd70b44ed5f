/**
 * Names in archives, made relative and canonical. This keeps a name from saying "outside"; that no
 * link leads outside is for the unpack jail to ensure, on directory handles.
 */
import { OutboardError } from '../../errors/outboard-error.ts';
import { quoteBytes } from './numeric-field.ts';

/** Components of a name. Every step of a path costs at each use, so that deep ones cost their product. */
export const maxComponents = 255;

const slash = 0x2f;
const dot = 0x2e;

/**
 * Clean a name: no leading or trailing `/`, no empty or `.` component. The empty result is the root
 * itself, which only a directory may be.
 *
 * @param name as written in the archive; absolute names count from the root (as in a chroot)
 * @param isDirectory whether the entry is a directory, and so may be the root
 * @returns `a/b/c`; a view of `name` where it is canonical already
 * @throws {OutboardError} invalid on a `..` component, on more than 255 components, and on the root for what is no
 *   directory
 */
export function cleanEntryName(name: Buffer, isDirectory: boolean): Buffer {
  const trimmed = trim(name);
  const clean = isCanonical(trimmed) ? trimmed : joinComponents(splitComponents(trimmed), name);
  if (clean.length === 0 && !isDirectory) {
    throw new OutboardError(
      'invalid',
      `archive entry ${quoteBytes(name)} names the root directory, but is not a directory`,
    );
  }
  return clean;
}

/** The components of a name from `cleanEntryName`; none for the root. Views, not copies. */
export function pathComponents(clean: Buffer): Buffer[] {
  return splitComponents(clean);
}

/** Cut `/` and `./` off the start and `/` off the end: what writers add, so the common case stays cheap. */
function trim(name: Buffer): Buffer {
  let start = 0;
  let end = name.length;
  while (end > 0 && name[end - 1] === slash) end--;
  while (start < end && (name[start] === slash || (name[start] === dot && name[start + 1] === slash)))
    start++;
  return start === 0 && end === name.length ? name : name.subarray(start, end);
}

/** Whether no component is empty, `.` or `..`, and there are not too many. Most names pass, and this allocates nothing. */
function isCanonical(name: Buffer): boolean {
  let componentStart = 0;
  let count = 0;
  for (let at = 0; at <= name.length; at++) {
    if (at < name.length && name[at] !== slash) continue;
    const length = at - componentStart;
    const isDots = name[componentStart] === dot && (length === 1 || (length === 2 && name[at - 1] === dot));
    if (length === 0 || isDots || ++count > maxComponents) return false;
    componentStart = at + 1;
  }
  return true;
}

function splitComponents(name: Buffer): Buffer[] {
  const components: Buffer[] = [];
  for (let start = 0; start < name.length; ) {
    const next = name.indexOf(slash, start);
    const end = next === -1 ? name.length : next;
    if (end > start) components.push(name.subarray(start, end));
    start = end + 1;
  }
  return components;
}

function joinComponents(components: readonly Buffer[], name: Buffer): Buffer {
  const kept: Buffer[] = [];
  for (const component of components) {
    if (component[0] === dot && component.length === 1) continue;
    // Never resolved: `a/../b` means different files depending on whether `a` is a link.
    if (component[0] === dot && component[1] === dot && component.length === 2) {
      throw new OutboardError('invalid', `archive entry ${quoteBytes(name)} has a ".." component`);
    }
    if (kept.length > 0) kept.push(separator);
    kept.push(component);
  }
  const count = Math.ceil(kept.length / 2);
  if (count > maxComponents) {
    throw new OutboardError(
      'invalid',
      `archive entry ${quoteBytes(name)} has ${count} path components, the limit is ${maxComponents}`,
      { code: 'too-deep' },
    );
  }
  return Buffer.concat(kept);
}

const separator = Buffer.from('/');
