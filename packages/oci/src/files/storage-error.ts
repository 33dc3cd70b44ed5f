/**
 * Errors of file operations, with the action and the path, so that an operator knows which disk is concerned.
 */
import { OutboardError } from '../errors/outboard-error.ts';
import { describeErrorCode } from '../errors/system-error-words.ts';

const fullCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/** The `code` of a Node.js system error, such as `ENOENT`; undefined for any other value. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Wrap the error of a file operation.
 * @param action verb and object, such as `write blob`
 * @returns an error of kind system; its code is `no-space` when a disk, its inodes or a quota is exhausted
 */
export function storageError(action: string, path: string, cause: unknown): OutboardError {
  const code = systemErrorCode(cause);
  if (code !== undefined && fullCodes.has(code)) {
    return new OutboardError(
      'system',
      `cannot ${action}: no space left on the file system of ${JSON.stringify(path)} (${code})`,
      {
        cause,
        code: 'no-space',
        details: { path },
      },
    );
  }
  const said = cause instanceof Error ? cause.message : String(cause);
  const reason = code === undefined ? said : describeErrorCode(code);
  return new OutboardError('system', `cannot ${action} at ${JSON.stringify(path)}: ${reason}`, {
    cause,
    details: { path },
  });
}

/**
 * Run one file operation, and wrap its error.
 * @throws {OutboardError} system
 */
export async function onStorage<Result>(
  action: string,
  path: string,
  operation: () => Promise<Result>,
): Promise<Result> {
  try {
    return await operation();
  } catch (cause) {
    throw storageError(action, path, cause);
  }
}
