/**
 * `VolumeDriver.Mount` and `VolumeDriver.Unmount`, which the engine makes: it counts the holders, and answers with paths of the host.
 */
import { createHash } from 'node:crypto';
import { isJsonObject, OutboardError } from '@outboard/oci';
import { readJson, spelledAs } from '../translation/json-text.ts';
import type { CountedMounts, MountOptions } from './plugin-exchange.ts';

/** The arguments of both methods. */
export interface MountArguments {
  readonly volume: string;
  /** In the engine's form. */
  readonly id: string;
}

const usableId = /^[\w.:@-]{1,64}$/;
/** The holder for consumers that send no ID, as those of before Docker 1.12. */
const withoutId = 'consumer-without-id';

/**
 * Read the arguments by Go's rules. An ID that the engine does not take, such as one with slashes, is replaced by its SHA-256: for a
 * driver it is opaque.
 * @throws {OutboardError} invalid
 */
export function readMountArguments(method: string, body: Buffer): MountArguments {
  const value = readJson(body.toString());
  if (!isJsonObject(value)) throw invalid(method, 'a JSON object with "Name" and "ID"');
  const { Name: volume, ID: id = null } = spelledAs(value, ['Name', 'ID']);
  if (typeof volume !== 'string' || volume === '') throw invalid(method, '"Name" to be the name of a volume');
  if (id !== null && typeof id !== 'string') throw invalid(method, '"ID" to be a string');
  return { volume, id: usableIdOf(id ?? '') };
}

/** Mount for a consumer. @returns the body of the answer */
export async function mountFor(
  mounts: CountedMounts,
  { volume, id }: MountArguments,
  options: MountOptions,
): Promise<string> {
  return JSON.stringify({ Mountpoint: await mounts.mount(volume, id, options), Err: '' });
}

function usableIdOf(id: string): string {
  if (id === '') return withoutId;
  return usableId.test(id) ? id : createHash('sha256').update(id).digest('hex');
}

function invalid(method: string, want: string): OutboardError {
  return new OutboardError('invalid', `${method}: malformed request: want ${want}`);
}
