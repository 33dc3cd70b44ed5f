/**
 * Makes names in archives relative and canonical, so that no name leads outside. Links that lead outside are prevented by
 * the unpack jail, on directory handles.
 */
import { OutboardError } from '../../errors/outboard-error.ts';
import { quoteBytes } from './numeric-field.ts';

/** Upper bound of the components of a name: each use of a path costs its depth. */
const maxComponents = 255;

const slash = 0x2f;
const dot = 0x2e;

/**
 * Clean a name: no leading or trailing `/`, no empty or `.` component. The empty result is the root, which must be a
 * directory.
 *
 * @param name as written in the archive; absolute names are relative to the root (as in a chroot)
 * @param isDirectory whether the entry is a directory, and so may be the root
 * @returns `a/b/c`; a view of `name` if it is canonical already
 * @throws {OutboardError} invalid for a `..` component, for more than 255 components, and for the root if the entry is not
 *   a directory
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

/** Strip `/` and `./` from the start and `/` from the end, as writers add them: the common case stays cheap. */
function trim(name: Buffer): Buffer {
  let start = 0;
  let end = name.length;
  while (end > 0 && name[end - 1] === slash) end--;
  while (start < end && (name[start] === slash || (name[start] === dot && name[start + 1] === slash)))
    start++;
  return start === 0 && end === name.length ? name : name.subarray(start, end);
}

/** True if no component is empty, `.` or `..`, and there are not too many. Most names pass without an allocation. */
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
