/**
 * Decompresses zstd with the system's libzstd, for versions of Node.js without zstd (before 22.15). Debian's dpkg needs the
 * library, so it is everywhere.
 * @see zstd 1.5 `<zstd.h>`, "Streaming decompression"
 */
import { existsSync } from 'node:fs';
import zlib from 'node:zlib';
import type { InflateStep, ZstdInflater } from '@outboard/oci/layers';
import koffi, { type LibraryHandle } from 'koffi';
import { memoryAddress } from './libc.ts';

/** Paths of distributions. Absolute, so that the environment cannot choose the library. */
const libraryPaths: Readonly<Record<string, readonly string[]>> = {
  x64: ['/usr/lib/x86_64-linux-gnu/libzstd.so.1', '/usr/lib64/libzstd.so.1', '/usr/lib/libzstd.so.1'],
  arm64: ['/usr/lib/aarch64-linux-gnu/libzstd.so.1', '/usr/lib64/libzstd.so.1', '/usr/lib/libzstd.so.1'],
};

/** ZSTD_d_windowLogMax of `ZSTD_dParameter`, and its value: 128 MiB, the bound of the zstd command line. */
const windowLogMax = 100;
const maxWindowLog = 27;

/** Inputs up to this size are copied: V8 may keep the bytes of small arrays on its heap, where they move. */
const shortInputBytes = 1024;

/** An empty frame, which tests the library. */
const emptyFrame = Buffer.from('28b52ffd2000010000', 'hex');

interface Library {
  readonly createContext: () => unknown;
  readonly setParameter: (context: unknown, parameter: number, value: number) => number | bigint;
  readonly decompress: (context: unknown, output: Uint8Array, input: Uint8Array) => number | bigint;
  readonly isError: (result: number | bigint) => number;
  readonly errorName: (result: number | bigint) => string;
}

/** Creates inflaters with output chunks of at most `outputBytes`. Each keeps up to 128 MiB until its process ends. */
export type MakeZstdInflater = (outputBytes: number) => ZstdInflater;

/**
 * Load the library and test it, so that it works in the jail, where no file can be read.
 * @returns undefined where Node.js has zstd, and where the library is not installed or fails the test
 */
export function loadZstd(): MakeZstdInflater | undefined {
  if ('createZstdDecompress' in zlib) return undefined;
  const path = libraryPaths[process.arch]?.find((candidate) => existsSync(candidate));
  const library = path === undefined ? undefined : bind(path);
  if (library === undefined) return undefined;
  const make: MakeZstdInflater = (outputBytes) => new LibraryInflater(library, outputBytes);
  return works(make(64)) ? make : undefined;
}

function bind(path: string): Library | undefined {
  let handle: LibraryHandle;
  try {
    handle = koffi.load(path);
  } catch {
    return undefined; // such as one built for another libc; zstd is refused then
  }
  return {
    createContext: handle.func('void *ZSTD_createDCtx()'),
    setParameter: handle.func('size_t ZSTD_DCtx_setParameter(void *context, int parameter, int value)'),
    decompress: handle.func('size_t ZSTD_decompressStream(void *context, void *output, void *input)'),
    isError: handle.func('unsigned int ZSTD_isError(size_t result)'),
    errorName: handle.func('const char *ZSTD_getErrorName(size_t result)'),
  };
}

function works(inflater: ZstdInflater): boolean {
  try {
    const { output, next } = inflater.inflate(emptyFrame);
    return next === 'end' && output.length === 0;
  } catch {
    return false;
  }
}

/** Works on the calling thread. One output buffer is reused for all steps. */
class LibraryInflater implements ZstdInflater {
  readonly #library: Library;
  readonly #context: unknown;
  readonly #shortInput = Buffer.alloc(shortInputBytes);
  readonly #output: Buffer;
  /** ZSTD_outBuffer and ZSTD_inBuffer: address, size, position. */
  readonly #outBuffer = Buffer.alloc(24);
  readonly #inBuffer = Buffer.alloc(24);

  constructor(library: Library, outputBytes: number) {
    this.#library = library;
    this.#output = Buffer.alloc(outputBytes);
    this.#context = library.createContext();
    this.#check(library.setParameter(this.#context, windowLogMax, maxWindowLog));
    this.#outBuffer.writeBigUInt64LE(memoryAddress(this.#output), 0);
    this.#outBuffer.writeBigUInt64LE(BigInt(outputBytes), 8);
  }

  inflate(input: Uint8Array): InflateStep {
    this.#outBuffer.writeBigUInt64LE(0n, 16);
    this.#inBuffer.writeBigUInt64LE(memoryAddress(this.#inPlace(input)), 0);
    this.#inBuffer.writeBigUInt64LE(BigInt(input.length), 8);
    this.#inBuffer.writeBigUInt64LE(0n, 16);
    const result = this.#library.decompress(this.#context, this.#outBuffer, this.#inBuffer);
    this.#check(result);
    const consumed = Number(this.#inBuffer.readBigUInt64LE(16));
    const output = this.#output.subarray(0, Number(this.#outBuffer.readBigUInt64LE(16)));
    if (Number(result) === 0) return { consumed, output, next: 'end' };
    const hasMore = consumed < input.length || output.length === this.#output.length;
    return { consumed, output, next: hasMore ? 'more' : 'input' };
  }

  #inPlace(input: Uint8Array): Uint8Array {
    if (input.length > shortInputBytes) return input;
    this.#shortInput.set(input);
    return this.#shortInput;
  }

  #check(result: number | bigint): void {
    if (this.#library.isError(result) !== 0) throw new Error(this.#library.errorName(result).toLowerCase());
  }
}
