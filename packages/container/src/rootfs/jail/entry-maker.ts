/**
 * Makes files, directories, links and nodes in the jail, replacing what has their name. Every path goes to the kernel
 * as it is: the jail's root is the process's root, so that links on the way cannot leave it; the last component is
 * never followed, and nothing is remembered by name.
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
/** What mkdir(2) takes of a mode. */
const directoryBits = 0o1777;
const slash = 0x2f;
/** As many as a path of components, all of them with a way back. */
const maxLinkSteps = 512;
/** A missing parent and a name that is taken may both be met, once each. */
const maxRetries = 2;

/** One for each jail. */
export class EntryMaker {
  readonly #metadata: EntryMetadata;
  readonly #times: DirectoryTimes;
  readonly #onParentMade: OnDirectoryMade;

  constructor(metadata: EntryMetadata, times: DirectoryTimes, onParentMade: OnDirectoryMade) {
    this.#metadata = metadata;
    this.#times = times;
    this.#onParentMade = onParentMade;
  }

  /** @returns the descriptor of the new, empty file; its owner, attributes and times are still to be set */
  openFile(entry: TarEntry, path: JailPath): number {
    return this.#create(path, () => openFile(path, newFileFlags, entry.mode));
  }

  /** A directory that exists stays, with its content, and gets the new owner, mode and time. */
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

  /** The link shares the inode of its target, and with it owner, mode and times: none of its own are set. */
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
    // The same link again, or the same name by way of a linked directory: removing it would lose the file.
    if (result === -EEXIST && lstatSync(withoutNul(path)).ino === found.ino) return;
    this.#create(path, () => makeLink(target, path));
  }

  makeNode(entry: TarEntry, path: JailPath): void {
    const { deviceMajor, deviceMinor } = entry;
    // overlayfs reads it as "deleted below".
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

  /** Try, and again after making missing parents or removing what has the name. */
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

/** Whoever goes by way of the link takes all of its steps, each time. */
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
