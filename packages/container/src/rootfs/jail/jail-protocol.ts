/**
 * The protocol between parent and child of a jail.
 *
 * The child begins with `entered`; the parent verifies its confinement and sends nothing before.
 * Parent to child, on the child's standard input: for each layer its compressed bytes in frames (length as unsigned
 * 32-bit big-endian, then the bytes) and an empty frame; at the end `finishMark`. `noDiffIdMark` before a layer says
 * that its diff ID is not requested; `archiveMark` asks for an archive of the tree, `listMark` for one with digests in place of
 * contents.
 * Child to parent, on `controlDescriptor`: one line of JSON for each message; on its standard output: each archive in frames.
 */
import type { ErrorKind } from '@outboard/oci';
import type { AppliedLayer, UnpackLimits } from '../unpack-jail.ts';

/** Descriptor of the child's standard input. */
export const inputDescriptor = 0;
/** Descriptor of the child's standard output. */
export const outputDescriptor = 1;
/** Descriptor of the control channel in the child. */
export const controlDescriptor = 3;
/** Descriptor of the staging directory in the child. */
export const stagingDescriptor = 4;
/** In place of a frame length: flush and end. */
export const finishMark = 0xffff_ffff;
/** In place of a frame length, before a layer: do not compute its diff ID. */
export const noDiffIdMark = 0xffff_fffe;
/** In place of a frame length: archive the tree. */
export const archiveMark = 0xffff_fffd;
/** In place of a frame length: archive the tree with digests in place of contents. */
export const listMark = 0xffff_fffc;
/** Size of a frame header in bytes. */
export const lengthBytes = 4;

/**
 * Messages of the child. `entered` comes first, before any input is read. `layer` follows the end of a layer,
 * `archived` the last frame of an archive, `finished` the finish mark; `failed` ends the child at any time.
 */
export type JailMessage =
  | { readonly type: 'entered' }
  | { readonly type: 'layer'; readonly layer: AppliedLayer }
  | { readonly type: 'archived' }
  | { readonly type: 'finished' }
  | { readonly type: 'failed'; readonly kind: ErrorKind; readonly message: string; readonly code?: string };

/** Default limits. A slow single-board computer takes half of the CPU time for layers at the other limits. */
export const defaultUnpackLimits: UnpackLimits = {
  maxBytes: 10 * 1024 ** 3,
  maxEntries: 1_000_000,
  maxCompressedBytes: 11 * 1024 ** 3,
  maxCpuSeconds: 1200,
};

/** Encode limits as arguments of the child. */
export function limitsToArguments(limits: UnpackLimits): readonly string[] {
  return limitNames.map((name) => String(limits[name] ?? absent));
}

/** Parse the arguments of the child. @throws {Error} for anything but five integers */
export function limitsFromArguments(values: readonly string[]): UnpackLimits {
  const numbers = values.map(Number);
  if (numbers.length !== limitNames.length || !numbers.every(Number.isSafeInteger)) {
    throw new Error(`want ${limitNames.join(', ')} as arguments, got ${values.join(', ')}`);
  }
  const [maxBytes = 0, maxEntries = 0, maxCompressedBytes = 0, maxCpuSeconds = 0, reserve = absent] = numbers;
  const freeSpaceReserve = reserve === absent ? undefined : reserve;
  return { maxBytes, maxEntries, maxCompressedBytes, maxCpuSeconds, freeSpaceReserve };
}

/** A limit that is not set. */
const absent = -1;
const limitNames = [
  'maxBytes',
  'maxEntries',
  'maxCompressedBytes',
  'maxCpuSeconds',
  'freeSpaceReserve',
] as const;

/** Encode the header of a frame. */
export function frameLength(length: number): Buffer {
  const header = Buffer.allocUnsafe(lengthBytes);
  header.writeUInt32BE(length);
  return header;
}
