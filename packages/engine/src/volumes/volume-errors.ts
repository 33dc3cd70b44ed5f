/**
 * Errors of operations on volumes in Docker's wording: operation, volume, reason.
 * @see moby volume/service/errors.go, type OpErr
 */
import { isOutboardError, OutboardError } from '@outboard/oci';

/** Operations by their names in Docker's errors; `get` is the look-up of a volume. */
export type VolumeOperation = 'create' | 'get' | 'list' | 'mount' | 'remove' | 'unmount';

/** `<operation> <name>: <reason>`, with kind and code of the cause. An error that is no `OutboardError` stays as it is. */
export function volumeError(operation: VolumeOperation, name: string, cause: unknown): unknown {
  if (!isOutboardError(cause)) return cause;
  const { kind, code, details } = cause;
  return new OutboardError(kind, `${operation} ${name}: ${reasonOf(cause)}`, {
    cause,
    code,
    details,
  });
}

/** The reason alone. As in Docker, an error that a driver reports with status 200 is quoted verbatim, any other begins with the method. */
export function reasonOf(error: unknown): string {
  if (!isOutboardError(error)) return error instanceof Error ? error.message : String(error);
  const reported = error.details?.err;
  const isVerbatim = error.code === 'plugin-error' && error.details?.status === 200;
  return isVerbatim && typeof reported === 'string' ? reported : error.message;
}

/** The reason of a volume that does not exist. */
export function noSuchVolume(): OutboardError {
  return new OutboardError('not-found', 'no such volume');
}

/** @param reason precedes Docker's `volume name must be unique` */
export function nameConflict(reason: string): OutboardError {
  return new OutboardError('conflict', `${reason}: volume name must be unique`);
}

/** Run the work, and turn its errors into errors of the operation. */
export async function asOperation<Result>(
  operation: VolumeOperation,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw volumeError(operation, name, error);
  }
}
