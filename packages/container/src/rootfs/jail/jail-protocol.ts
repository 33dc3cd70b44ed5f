/**
 * What parent and child of a jail say to each other.
 *
 * The child begins with `entered`; the parent proves that it is shut in and sends nothing before.
 * Parent to child, on the child's standard input: for each layer its compressed bytes in frames (length as unsigned
 * 32-bit big-endian, then the bytes) and an empty frame, and at last `finishMark`. `noDiffIdMark` before a layer says
 * that its diff ID is not wanted.
 * Child to parent, on `controlDescriptor`: one JSON message in a line for each thing done.
 */
import type { ErrorKind } from '@outboard/oci';
import type { AppliedLayer, UnpackLimits } from '../unpack-jail.ts';

/** The child's standard input. */
export const inputDescriptor = 0;
/** The child's end of the control channel. */
export const controlDescriptor = 3;
/** The staging directory, open, in the child. */
export const stagingDescriptor = 4;
/** In the place of a frame's length: flush and end. */
export const finishMark = 0xffff_ffff;
/** In the place of a frame's length, before a layer: do not compute its diff ID. */
export const noDiffIdMark = 0xffff_fffe;
export const lengthBytes = 4;

/** `entered` comes first, unasked: nothing is read yet. `layer` answers a layer's end, `finished` the mark; `failed` ends the child at any time. */
export type JailMessage =
  | { readonly type: 'entered' }
  | { readonly type: 'layer'; readonly layer: AppliedLayer }
  | { readonly type: 'finished' }
  | { readonly type: 'failed'; readonly kind: ErrorKind; readonly message: string; readonly code?: string };

/** A slow board takes half of that time for layers which reach the other limits. */
export const defaultUnpackLimits: UnpackLimits = {
  maxBytes: 10 * 1024 ** 3,
  maxEntries: 1_000_000,
  maxCompressedBytes: 11 * 1024 ** 3,
  maxCpuSeconds: 1200,
};

/** Limits as arguments of the child, and back. */
export function limitsToArguments(limits: UnpackLimits): readonly string[] {
  return limitNames.map((name) => String(limits[name]));
}

/** @throws {Error} on anything but four whole numbers */
export function limitsFromArguments(values: readonly string[]): UnpackLimits {
  const numbers = values.map(Number);
  if (numbers.length !== limitNames.length || !numbers.every(Number.isSafeInteger)) {
    throw new Error(`want ${limitNames.join(', ')} as arguments, got ${values.join(', ')}`);
  }
  const [maxBytes = 0, maxEntries = 0, maxCompressedBytes = 0, maxCpuSeconds = 0] = numbers;
  return { maxBytes, maxEntries, maxCompressedBytes, maxCpuSeconds };
}

const limitNames = ['maxBytes', 'maxEntries', 'maxCompressedBytes', 'maxCpuSeconds'] as const;

/** The header of a frame. */
export function frameLength(length: number): Buffer {
  const header = Buffer.allocUnsafe(lengthBytes);
  header.writeUInt32BE(length);
  return header;
}
