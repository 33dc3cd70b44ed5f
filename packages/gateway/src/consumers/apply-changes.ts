/**
 * Makes the changes of files. Each file is replaced or removed as a whole; one that fails does not keep the others from
 * being changed.
 */
import { chmod, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { changeDirectory, makeDirectoryDurably, systemErrorCode, writeFileDurably } from '@outboard/oci';
import type { FileOutcome } from './consumers.ts';
import type { FileChange } from './file-changes.ts';
import { removeUserFile, writeUserFile } from './user-files.ts';

/** Everyone may read: the files name sockets, which have their own access rights. */
const fileMode = 0o644;
const programMode = 0o755;
const directoryMode = 0o755;

/** Results of changes. */
export interface AppliedChanges {
  readonly outcomes: readonly FileOutcome[];
  /** Directories that were made, parents first. */
  readonly madeDirectories: readonly string[];
}

/** Make the changes in order. */
export async function applyChanges(changes: readonly FileChange[]): Promise<AppliedChanges> {
  const outcomes: FileOutcome[] = [];
  const madeDirectories: string[] = [];
  for (const change of changes) {
    try {
      outcomes.push(...(await applyChange(change, madeDirectories)));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      outcomes.push({ path: pathOf(change), state: 'failed', reason });
    }
  }
  return { outcomes, madeDirectories };
}

/** The outcomes of the changes if they were made. */
export function foreseeChanges(changes: readonly FileChange[]): readonly FileOutcome[] {
  return changes.flatMap(outcomeOf);
}

/** Remove directories that were made here, unless they hold something by now. @returns those that are left */
export async function removeDirectories(directories: readonly string[]): Promise<readonly string[]> {
  const left: string[] = [];
  for (const directory of directories.toReversed()) {
    try {
      await rmdir(directory);
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') left.unshift(directory);
    }
  }
  return left;
}

async function applyChange(change: FileChange, madeDirectories: string[]): Promise<readonly FileOutcome[]> {
  if (change.action === 'write' && change.wanted.owner !== undefined) {
    await writeUserFile(change.wanted.owner, change.wanted);
  } else if (change.action === 'write') {
    const { path, content, isExecutable = false } = change.wanted;
    for (const made of await makeDirectoryDurably(dirname(path), { mode: directoryMode })) {
      // The daemon's umask may be strict, and these are directories of another program.
      await chmod(made, directoryMode);
      madeDirectories.push(made);
    }
    await writeFileDurably(path, content, { mode: isExecutable ? programMode : fileMode });
  }
  if (change.action === 'remove') {
    if (change.owner === undefined) await removeFile(change.path);
    else await removeUserFile(change.owner, change.path);
  }
  return outcomeOf(change);
}

/** Flushed, because the record forgets the file next. */
async function removeFile(path: string): Promise<void> {
  await changeDirectory(dirname(path), () => rm(path, { force: true }));
}

function outcomeOf(change: FileChange): readonly FileOutcome[] {
  const path = pathOf(change);
  switch (change.action) {
    case 'write':
      return [{ path, state: 'written', content: change.wanted.content }];
    case 'keep':
      return [{ path, state: 'unchanged' }];
    case 'remove':
      return [{ path, state: 'removed' }];
    case 'leave':
      return [{ path, state: 'left', reason: change.reason }];
    case 'forget':
      return [];
  }
}

function pathOf(change: FileChange): string {
  return 'path' in change ? change.path : change.wanted.path;
}
