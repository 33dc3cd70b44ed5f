/**
 * `VolumeDriver.Mount` and `VolumeDriver.Unmount`, which the engine makes: it counts the holders, and answers with paths of the host.
 */
import { requireVisibleTo } from '@outboard/engine';
import { isJsonObject, OutboardError } from '@outboard/oci';
import { readJson, spelledAs } from '../translation/json-text.ts';
import type { CountedMounts, MountOptions } from './plugin-exchange.ts';

/** The arguments of both methods. */
export interface MountArguments {
  readonly volume: string;
  /** Opaque; '' when the consumer sends none. */
  readonly id: string;
}

/**
 * Read the arguments by Go's rules. An ID may be of any form and may be missing, as with Docker before 1.12.
 * @throws {OutboardError} invalid
 */
export function readMountArguments(method: string, body: Buffer): MountArguments {
  const value = readJson(body.toString());
  if (!isJsonObject(value)) throw invalid(method, 'a JSON object with "Name" and "ID"');
  const { Name: volume, ID: id = null } = spelledAs(value, ['Name', 'ID']);
  if (typeof volume !== 'string' || volume === '') throw invalid(method, '"Name" to be the name of a volume');
  if (id !== null && typeof id !== 'string') throw invalid(method, '"ID" to be a string');
  return { volume, id: id ?? '' };
}

/**
 * Mount for a consumer, unless it would see another file system at the path.
 * @returns the body of the answer
 */
export async function mountFor(
  mounts: CountedMounts,
  { volume, id }: MountArguments,
  options: MountOptions,
): Promise<string> {
  const path = await mounts.mount(volume, id, options);
  try {
    if (options.consumer !== undefined) await requireVisibleTo(options.consumer, path);
  } catch (error) {
    await mounts.unmount(volume, id, options);
    throw error;
  }
  return JSON.stringify({ Mountpoint: path, Err: '' });
}

function invalid(method: string, want: string): OutboardError {
  return new OutboardError('invalid', `${method}: malformed request: want ${want}`);
}
