/**
 * Fills a tree with the base of a project: a directory, an archive, an image on disk, or one from a registry.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Cancellable } from '@outboard/async';
import { OutboardError, type Platform, parseReference } from '@outboard/oci';
import { addDirectory } from '../tree/add-directory.ts';
import { RootTree } from '../tree/root-tree.ts';
import { applyImage } from './apply-image.ts';
import { readArchive } from './apply-layer.ts';
import { findDirectoryImage, isImageArchive, openArchiveImage } from './image-files.ts';
import { applyRegistryImage, type RegistryOptions } from './registry-image.ts';
import type { Spool } from './spool.ts';

/** Choices for a base. */
export interface BaseOptions extends Cancellable {
  /** Directory that relative paths begin in. */
  readonly directory: string;
  readonly platform: Platform;
  readonly modifiedAt: number;
  readonly registries: RegistryOptions;
  readonly onWarning: (message: string) => void;
}

/**
 * Make a tree of a base.
 * @param base a path that begins with `.` or `/`, or a reference such as `debian:12-slim`
 * @throws {OutboardError} invalid or not-found, with what it was taken for; the registry's errors
 */
export async function readBase(base: string, spool: Spool, options: BaseOptions): Promise<RootTree> {
  if (!/^[./]/.test(base)) return await readRegistryBase(base, spool, options);
  const path = resolve(options.directory, base);
  const stats = await stat(path).catch((cause: Error) => {
    throw new OutboardError('not-found', `"base": cannot read "${base}": ${cause.message}`, { cause });
  });
  const { signal, platform } = options;
  const isDirectory = stats.isDirectory();
  const isImage = isDirectory || (await explain(base, () => isImageArchive(path, { signal })));
  const open = isDirectory ? findDirectoryImage : openArchiveImage;
  const image = isImage ? await open(path, { spool, signal }) : undefined;
  if (image === undefined) {
    return isDirectory
      ? readHostDirectory(path, options)
      : await explain(base, () => readArchive(createReadStream(path), spool, signal));
  }
  const tree = new RootTree();
  await applyImage(tree, image.reader, image.wanted, {
    platform,
    spool,
    signal,
    onProgress: () => undefined,
  });
  return tree;
}

async function explain<Result>(base: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutboardError('invalid', `"base": "${base}" is no archive that can be read: ${reason}`, {
      cause,
    });
  }
}

function readHostDirectory(path: string, { modifiedAt, onWarning }: BaseOptions): RootTree {
  const tree = new RootTree();
  addDirectory(tree, '', path, { modifiedAt, owners: 'kept', onSkip: onWarning });
  return tree;
}

async function readRegistryBase(base: string, spool: Spool, options: BaseOptions): Promise<RootTree> {
  const tree = new RootTree();
  const { platform, signal } = options;
  const reference = parseBase(base);
  await applyRegistryImage(tree, reference, { ...options.registries, spool, platform, signal });
  return tree;
}

function parseBase(base: string) {
  try {
    return parseReference(base);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutboardError(
      'invalid',
      `"base": "${base}" is neither a path, which begins with "./" or "/", nor a reference: ${reason}`,
      { cause },
    );
  }
}
