/**
 * Binds libc functions that Node.js lacks, and turns `errno` into errors of the shape of `node:fs`.
 */
import { getSystemErrorMap } from 'node:util';
import koffi from 'koffi';

// The symbols of this process: those of the libc (glibc or musl) that Node.js is linked with.
const library = koffi.load(null);

/**
 * Argument of a bound function. A `Uint8Array` is passed as a pointer to its first byte; a C path needs a terminating
 * NUL, and a list of strings a terminating null.
 */
export type LibcArgument =
  | string
  | number
  | bigint
  | Uint8Array
  | readonly (string | null)[]
  | BigInt64Array
  | Int32Array
  | Uint32Array
  | BigUint64Array
  | null;

/** Name (`ENOENT`) and text of an error number. @param errno positive */
export function describeErrno(errno: number): { readonly code: string; readonly text: string } {
  const [code, text] = getSystemErrorMap().get(-errno) ?? [`E${errno}`, `error number ${errno}`];
  return { code, text };
}

/** A failed call, with the fields of errors of `node:fs`. */
export class ErrnoError extends Error {
  override readonly name = 'ErrnoError';
  /** `ENOENT`, `EPERM`, … */
  readonly code: string;
  /** The positive error number. */
  readonly errno: number;
  readonly syscall: string;
  readonly path: string | undefined;

  constructor(errno: number, syscall: string, path?: string) {
    const { code, text } = describeErrno(errno);
    super(`${syscall}${path === undefined ? '' : ` ${JSON.stringify(path)}`}: ${code}, ${text}`);
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
    this.path = path;
  }
}

/**
 * Bind a libc function that returns -1 on failure.
 * @param definition a C prototype with pointers as `const char *` (a string) or `const void *` (bytes)
 * @returns function that returns the result or the negative error number
 */
export function bindCall<Arguments extends readonly LibcArgument[]>(
  definition: string,
): (...values: Arguments) => number {
  const call = library.func(definition);
  return (...values) => {
    const result: number = call(...values);
    return result < 0 ? -koffi.errno() : result;
  };
}

const memmove = library.func('uintptr_t memmove(const void *to, const void *from, size_t length)');

/**
 * Address of the bytes of a buffer, for structures with pointers. @param buffer of more than 64 bytes: V8 moves
 * smaller ones
 */
export function memoryAddress(buffer: Uint8Array): bigint {
  return BigInt(memmove(buffer, buffer, 0)); // it returns its first argument
}

/** Return the result of a call. @throws {ErrnoError} when it is negative */
export function checkResult(result: number, syscall: string, path?: string): number {
  if (result < 0) throw new ErrnoError(-result, syscall, path);
  return result;
}
