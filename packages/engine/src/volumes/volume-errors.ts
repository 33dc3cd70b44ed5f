/**
 * Errors of operations on volumes, in Docker's words: the operation, the volume, what is wrong.
 * @see moby volume/service/errors.go, type OpErr
 */
import { isOutboardError, OutboardError } from '@outboard/oci';

/** Docker's words for the operations; a volume is looked for by `get`. */
export type VolumeOperation = 'create' | 'get' | 'list' | 'mount' | 'remove' | 'unmount';

/** `<operation> <name>: <reason>`, of the reason's kind and code. What is no error of ours stays as it is. */
export function volumeError(operation: VolumeOperation, name: string, cause: unknown): unknown {
  if (!isOutboardError(cause)) return cause;
  const { kind, code, details } = cause;
  return new OutboardError(kind, `${operation} ${name}: ${reasonOf(cause)}`, {
    cause,
    ...(code === undefined ? {} : { code }),
    ...(details === undefined ? {} : { details }),
  });
}

/** A driver that fails with status 200 is repeated word for word, as in Docker; else its method comes first. */
export function reasonOf(error: unknown): string {
  if (!isOutboardError(error)) return error instanceof Error ? error.message : String(error);
  const said = error.details?.err;
  const isVerbatim = error.code === 'plugin-error' && error.details?.status === 200;
  return isVerbatim && typeof said === 'string' ? said : error.message;
}

export function noSuchVolume(): OutboardError {
  return new OutboardError('not-found', 'no such volume');
}

/** @param reason stands before Docker's last words, `volume name must be unique` */
export function nameConflict(reason: string): OutboardError {
  return new OutboardError('conflict', `${reason}: volume name must be unique`);
}

/** Run the work and tell its errors as those of the operation. */
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
