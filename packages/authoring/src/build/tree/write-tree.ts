/**
 * Writes a tree to a directory of the host that did not exist before.
 */
import { spawnSync } from 'node:child_process';
import { constants } from 'node:fs';
import {
  chmod,
  copyFile,
  lchown,
  link,
  lutimes,
  mkdir,
  open,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { OutboardError, onStorage } from '@outboard/oci';
import { readContent } from './read-content.ts';
import type { DirectoryNode, FileNode, NodeFacts, SpecialNode, TreeNode } from './tree-node.ts';
import { type WalkedEntry, walkTree } from './walk-tree.ts';

/** Properties of entries that could not be written, with the number of entries. */
export interface LostProperties {
  /** Entries of other owners than root, which without root are owned by the user. */
  readonly owners: number;
  /** Devices that without root cannot be made. */
  readonly devices: number;
  /** Files with capabilities, which a directory cannot be given. */
  readonly attributes: number;
}

/** Cancellation of a write. */
export interface WriteOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Write a tree. Parents are made before what is in them, and every link as a link, so that nothing is written elsewhere.
 * @param directory must not exist, so that no file of an earlier build stays
 * @throws {OutboardError} conflict when the directory exists; system when the disk fails
 */
export async function writeTree(
  root: DirectoryNode,
  directory: string,
  { signal }: WriteOptions = {},
): Promise<LostProperties> {
  const lost = { owners: 0, devices: 0, attributes: 0 };
  const directories: (readonly [string | Buffer, NodeFacts])[] = [];
  for (const entry of walkTree(root)) {
    signal?.throwIfAborted();
    const place = hostPath(directory, entry.path);
    await onStorage('write', String(place), () => writeEntry(directory, place, entry)).catch((error) => {
      throw entry.path === '' ? explainPresent(directory, error) : error;
    });
    if (!mayOwn() && (entry.node.facts.uid !== 0 || entry.node.facts.gid !== 0)) lost.owners += 1;
    if (!mayOwn() && isDevice(entry.node)) lost.devices += 1;
    if (entry.node.facts.xattrs !== undefined) lost.attributes += 1;
    if (entry.node.type === 'directory') directories.push([place, entry.node.facts]);
  }
  // Children first: each one changes the time of its directory, and a directory may be read-only.
  for (const [place, facts] of directories.reverse()) {
    await onStorage('write', String(place), async () => {
      await chmod(place, facts.mode);
      await utimes(place, facts.modifiedAt, facts.modifiedAt);
    });
  }
  return lost;
}

/** True for root, who may give files away and make devices. */
function mayOwn(): boolean {
  return process.getuid?.() === 0;
}

/** Bytes where the name is not UTF-8. */
function hostPath(directory: string, path: string): string | Buffer {
  return path === '' ? directory : Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(path, 'latin1')]);
}

function explainPresent(directory: string, cause: unknown): unknown {
  if (!(cause instanceof OutboardError) || !cause.message.includes('EEXIST')) return cause;
  const message = `"${directory}" exists already: want a directory that does not, so that no old file stays`;
  return new OutboardError('conflict', message, { cause });
}

async function writeEntry(
  directory: string,
  place: string | Buffer,
  { node, linkTo }: WalkedEntry,
): Promise<void> {
  if (linkTo !== undefined) return await link(hostPath(directory, linkTo), place);
  if (node.type === 'directory') await mkdir(place, { mode: 0o700 });
  else if (node.type === 'symlink') await symlink(node.target, place);
  else if (node.type === 'file') await writeRegularFile(place, node);
  else if (mayOwn() || node.type === 'fifo') makeSpecial(place, node);
  else return;
  const { uid, gid, mode, modifiedAt } = node.facts;
  if (mayOwn()) await lchown(place, uid, gid);
  if (node.type === 'directory') return;
  // After the owner, whose change takes setuid away.
  if (node.type !== 'symlink') await chmod(place, mode);
  await lutimes(place, modifiedAt, modifiedAt);
}

async function writeRegularFile(place: string | Buffer, { content }: FileNode): Promise<void> {
  if ('bytes' in content) return await writeFile(place, content.bytes, { flag: 'wx' });
  if (content.start === 0 && !content.isShared) {
    // Shares blocks where the file system can.
    return await copyFile(content.file, place, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  }
  await using file = await open(place, 'wx');
  for await (const chunk of readContent(content)) await file.write(chunk);
}

/** By mknod(1): Node.js has no such call. */
function makeSpecial(place: string | Buffer, node: SpecialNode): void {
  const kind = { 'character-device': 'c', 'block-device': 'b', fifo: 'p' }[node.type];
  const numbers = node.type === 'fifo' ? [] : [String(node.deviceMajor), String(node.deviceMinor)];
  const { status, stderr } = spawnSync('mknod', [String(place), kind, ...numbers], { encoding: 'utf8' });
  if (status !== 0) throw new OutboardError('system', `cannot make a ${node.type}: ${stderr?.trim()}`);
}

function isDevice({ type }: TreeNode): boolean {
  return type === 'character-device' || type === 'block-device';
}
