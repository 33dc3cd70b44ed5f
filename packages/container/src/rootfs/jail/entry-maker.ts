/**
 * Makes files, directories, links and nodes in the jail, replacing existing entries of the same name. Paths go to the
 * kernel unchanged: the jail's root is the process's root, so links in a path cannot leave it; the last component is
 * never followed, and nothing is cached by name.
 */
import { constants, lstatSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { cleanEntryName, OutboardError, type TarEntry } from '@outboard/oci/layers';
import {
  closeFile,
  makeDirectory,
  makeLink,
  makeNode,
  makeSymlink,
  openFile,
  removeDirectory,
  removeFile,
  setPathTimes,
  terminatePath,
} from '../../linux/file-calls.ts';
import { type DirectoryTimes, openDirectory } from './directory-times.ts';
import { clampTime, type EntryMetadata } from './entry-metadata.ts';
import { check, type JailPath, jailPath, showName, withoutNul } from './jail-path.ts';
import { makeMissingParents, type OnDirectoryMade } from './missing-parents.ts';
import { removeAll, removeContents } from './remove-contents.ts';

const { EEXIST, ENOENT } = osConstants.errno;
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY, S_IFBLK, S_IFCHR, S_IFIFO } = constants;
const newFileFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | 0o2000000; // O_CLOEXEC
/** Mode bits that mkdir(2) applies. */
const directoryBits = 0o1777;
const slash = 0x2f;
/** Twice the limit for components of a path, so that each may be left by `..`. */
const maxLinkSteps = 512;
/** A missing parent and an existing name may both occur, once each. */
const maxRetries = 2;

/** Makes the entries of one jail. */
export class EntryMaker {
  readonly #metadata: EntryMetadata;
  readonly #times: DirectoryTimes;
  readonly #onParentMade: OnDirectoryMade;

  constructor(metadata: EntryMetadata, times: DirectoryTimes, onParentMade: OnDirectoryMade) {
    this.#metadata = metadata;
    this.#times = times;
    this.#onParentMade = onParentMade;
  }

  /** Make an empty file. @returns its descriptor; owner, attributes and times are still to be set */
  openFile(entry: TarEntry, path: JailPath): number {
    return this.#create(path, () => openFile(path, newFileFlags, entry.mode));
  }

  /** Make a directory. An existing one keeps its content and gets the new owner, mode and time. */
  makeDirectory(entry: TarEntry, path: JailPath): void {
    const make = () => makeDirectory(path, entry.mode & directoryBits);
    const result = make();
    const exists = result === -EEXIST && lstatSync(withoutNul(path)).isDirectory();
    if (result < 0 && !exists) this.#create(path, make);
    const descriptor = check(openDirectory(path), 'open directory', path);
    this.#metadata.applyToOpen(entry, descriptor, path, !exists);
    this.#times.add(path, descriptor, clampTime(entry.modifiedAt));
    closeFile(descriptor);
  }

  makeSymlink(entry: TarEntry, path: JailPath): void {
    requireShallow(entry);
    const target = terminatePath(entry.linkName);
    this.#create(path, () => makeSymlink(target, path));
    this.#finishPath(entry, path);
  }

  /** Make a hard link. It shares the inode of its target with owner, mode and times, so none are set. */
  makeHardLink(entry: TarEntry, path: JailPath): void {
    const target = jailPath(cleanEntryName(entry.linkName, false));
    const what = `hard link ${showName(entry.name)} to ${showName(entry.linkName)}`;
    if (target.equals(path)) throw new OutboardError('invalid', `${what}: it is its own target`);
    const found = lstatSync(withoutNul(target), { throwIfNoEntry: false });
    if (found === undefined) throw new OutboardError('invalid', `${what}: want a target that came before it`);
    if (!found.isFile() && !found.isSymbolicLink()) {
      throw new OutboardError('invalid', `${what}: want a file or a link as its target`);
    }
    const result = makeLink(target, path);
    if (result >= 0) return;
    // The same link again, or the same name through a linked directory: removing it would lose the file.
    if (result === -EEXIST && lstatSync(withoutNul(path)).ino === found.ino) return;
    this.#create(path, () => makeLink(target, path));
  }

  makeNode(entry: TarEntry, path: JailPath): void {
    const { deviceMajor, deviceMinor } = entry;
    // overlayfs treats such a node as a whiteout.
    if (entry.type === 'character-device' && deviceMajor === 0 && deviceMinor === 0) {
      throw new OutboardError(
        'invalid',
        `device ${showName(entry.name)} with number 0:0: it is overlayfs's mark for a removed file`,
      );
    }
    const type = nodeTypes[entry.type] ?? S_IFIFO;
    this.#create(path, () => makeNode(path, type | entry.mode, deviceMajor, deviceMinor));
    this.#finishPath(entry, path);
  }

  #finishPath(entry: TarEntry, path: JailPath): void {
    this.#metadata.applyToPath(entry, path);
    check(setPathTimes(path, clampTime(entry.modifiedAt)), 'set times of', path);
  }

  /** Try, and retry after making missing parents or removing an existing entry. */
  #create(path: JailPath, attempt: () => number): number {
    let result = attempt();
    for (let retry = 0; retry < maxRetries && result < 0; retry++) {
      if (result === -ENOENT) makeMissingParents(path, this.#onParentMade);
      else if (result === -EEXIST) removeExisting(path);
      else break;
      result = attempt();
    }
    return check(result, 'create', path);
  }
}

/** Refuse a link with very many components: every look-up through it walks all of them. */
function requireShallow({ name, linkName }: TarEntry): void {
  let steps = 1;
  for (const byte of linkName) if (byte === slash) steps++;
  if (steps <= maxLinkSteps) return;
  throw new OutboardError(
    'invalid',
    `link ${showName(name)} to ${showName(linkName)}: its target has ${steps} path components, the limit is ${maxLinkSteps}`,
    { code: 'too-deep' },
  );
}

const nodeTypes: Readonly<Partial<Record<TarEntry['type'], number>>> = {
  'character-device': S_IFCHR,
  'block-device': S_IFBLK,
};

function removeExisting(path: JailPath): void {
  if (!lstatSync(withoutNul(path)).isDirectory()) {
    check(removeFile(path), 'replace', path);
    return;
  }
  removeContents(path, removeAll);
  check(removeDirectory(path), 'replace directory', path);
}
