/**
 * Explains errors of a full disk to operators: the file system, its free space, and the size of the plugin.
 */
import { statfs } from 'node:fs/promises';
import { isOutboardError, OutboardError, systemErrorCode } from '@outboard/oci';
import type { EngineContext } from '../engine-context.ts';

/** The plugin that is being installed. */
export interface Installation {
  /** Its name in the request, or `the archive`. */
  readonly plugin: string;
  /** Bytes of its layers as they are stored, once that is known. */
  readonly layerBytes: () => number | undefined;
}

/** Size of a plugin, known once its manifest is fetched. */
export interface LayerSize extends Pick<Installation, 'layerBytes'> {
  know(layers: readonly { readonly size: number }[]): void;
}

/** A size that is not known yet; `know` sets it. */
export function createLayerSize(): LayerSize {
  let bytes: number | undefined;
  return {
    know(layers) {
      bytes = layers.reduce((sum, { size }) => sum + size, 0);
    },
    layerBytes: () => bytes,
  };
}

const fullCodes: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'no-space']);
const mebibyte = 1024 * 1024;

/**
 * Run work that installs a plugin and cleans up after a failure.
 * @throws {OutboardError} system, code `no-space`, when the disk was full: it is in the log as well; else what the work
 *   throws
 */
export async function explainFullDisk<Result>(
  context: Pick<EngineContext, 'dataRoot' | 'logger'>,
  installation: Installation,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    const found = findFull(cause);
    if (found === undefined) throw cause;
    const message = await describe(context.dataRoot, installation, found);
    context.logger.error({ plugin: installation.plugin, dataRoot: context.dataRoot }, message);
    throw new OutboardError('system', message, { cause, code: 'no-space' });
  }
}

/** The error of the full disk among the causes of an error. */
function findFull(error: unknown): Error | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth++) {
    if (fullCodes.has(codeOf(at))) return at;
  }
  return undefined;
}

function codeOf(error: Error): string | undefined {
  return isOutboardError(error) ? error.code : systemErrorCode(error);
}

async function describe(dataRoot: string, installation: Installation, full: Error): Promise<string> {
  const { bavail, blocks, bsize, ffree, files } = await statfs(dataRoot);
  const free = `${inMebibytes(bavail * bsize)} of ${inMebibytes(blocks * bsize)}`;
  // A file system that does not count inodes reports 0 of 0.
  const inodes = files > 0 && ffree < files / 100 ? `, ${ffree} of ${files} inodes` : '';
  const bytes = installation.layerBytes();
  const needed = bytes === undefined ? '' : `; its layers alone take ${inMebibytes(bytes)}, unpacked more`;
  return (
    `no space left on device: the file system of the data root ${JSON.stringify(dataRoot)} has ${free} free${inodes}, ` +
    `now that what was written is deleted, which is too little for plugin ${installation.plugin}${needed}: ${reasonOf(full)}`
  );
}

/** Paths in errors of the unpack jail are relative to the plugin's root filesystem, and look like paths of the host. */
function reasonOf(full: Error): string {
  const isFromJail = isOutboardError(full) && full.code !== 'no-space';
  return isFromJail ? `in the plugin's root filesystem: ${full.message}` : full.message;
}

function inMebibytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(1)} MiB`;
}
