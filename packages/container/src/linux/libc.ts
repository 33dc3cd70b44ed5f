/**
 * The door to libc: binds functions that Node.js lacks and turns `errno` into errors of the shape that `node:fs` throws.
 */
import { getSystemErrorMap } from 'node:util';
import koffi from 'koffi';

// The process's own symbols: whichever libc (glibc or musl) Node.js itself is linked with.
const library = koffi.load(null);

/**
 * What a bound function takes. A `Uint8Array` passes as a pointer to its first byte; a C path must end in a NUL, and a
 * list of strings in a null.
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

/** An error number's name (`ENOENT`) and text. @param errno positive */
export function describeErrno(errno: number): { readonly code: string; readonly text: string } {
  const [code, text] = getSystemErrorMap().get(-errno) ?? [`E${errno}`, `error number ${errno}`];
  return { code, text };
}

/** A failed call, with the fields that errors of `node:fs` have. */
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
 * @returns a function that gives the result, or minus the error number
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

/** Where a buffer's bytes lie, for structures that hold pointers. @param buffer of more than 64 bytes: V8 moves smaller ones */
export function memoryAddress(buffer: Uint8Array): bigint {
  return BigInt(memmove(buffer, buffer, 0)); // it returns its first argument
}

/** Pass a call's result on, or throw what went wrong. @throws {ErrnoError} when the result is negative */
export function checkResult(result: number, syscall: string, path?: string): number {
  if (result < 0) throw new ErrnoError(-result, syscall, path);
  return result;
}
