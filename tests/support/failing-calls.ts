/**
 * Makes the n-th system call of this process fail, through the functions of Node.js and koffi that make it.
 * Import this before the engine: koffi's functions are bound when a module is loaded.
 */
import assert from 'node:assert/strict';
import childProcess from 'node:child_process';
import fs, { type PathLike } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import loadedKoffi from 'koffi';

/** A call that failed on purpose. */
export interface FailedCall {
  /** Such as `FileHandle.sync`. */
  readonly name: string;
  /** Its arguments, as far as they are text. */
  readonly subject: string;
}

/** Error of the call that fails: a name such as `ENOSPC` in `OUTBOARD_FAULT`; default EIO. */
const code = process.env.OUTBOARD_FAULT ?? 'EIO';
const errno = constants.errno[code as keyof typeof constants.errno] ?? assert.fail(`unknown error ${code}`);
const text = getSystemErrorMap().get(-errno)?.[1] ?? code;
// The functions that are used here, which are replaced below.
const koffi = loadedKoffi as unknown as {
  load(name: string | null): KoffiLibrary;
  errno(value?: number): number;
};

type KoffiFunction = ((...values: unknown[]) => unknown) & { async(...values: unknown[]): unknown };
interface KoffiLibrary {
  func(definition: string): KoffiFunction;
}

/** Decides which calls count. */
export type CountCall = (call: FailedCall) => boolean;

interface Failpoint {
  readonly at: number;
  readonly counts: CountCall;
  calls: number;
  failed?: FailedCall;
}

let failpoint: Failpoint | undefined;

/**
 * Run work in which the n-th counted call of the process fails; the first is 1.
 *
 * @returns number of calls, and the failed one, if there were enough calls
 */
export async function withFailingCall(
  at: number,
  counts: CountCall,
  work: () => Promise<void>,
): Promise<{ readonly calls: number; readonly failed?: FailedCall }> {
  const current: Failpoint = { at, counts, calls: 0 };
  failpoint = current;
  try {
    await work();
    return current;
  } finally {
    failpoint = undefined;
  }
}

/** Count a call. @returns true if this call must fail */
function fails(name: string, values: readonly unknown[]): boolean {
  const call = { name, subject: values.filter((value) => typeof value === 'string').join(' ') };
  if (failpoint?.counts(call) !== true) return false;
  failpoint.calls += 1;
  if (failpoint.calls !== failpoint.at) return false;
  failpoint.failed = call;
  return true;
}

function errorOf(name: string, path: unknown): Error {
  const where = typeof path === 'string' ? { path: path satisfies PathLike } : {};
  return Object.assign(new Error(`${code}: ${text}, ${name}`), {
    code,
    errno: -errno,
    syscall: name,
    ...where,
  });
}

type Functions = Record<string, ((...values: unknown[]) => unknown) | undefined>;

function mine(owner: string, object: object, names: readonly string[], after: readonly string[] = []): void {
  const functions = object as Functions; // Each is looked up, and skipped if it does not exist.
  for (const name of names) {
    const original = functions[name];
    if (original === undefined) continue;
    functions[name] = function (this: unknown, ...values: unknown[]): unknown {
      if (!fails(`${owner}.${name}`, values)) return original.apply(this, values);
      const error = errorOf(name, values[0]);
      // A descriptor is closed even if close() fails.
      if (after.includes(name))
        return Promise.resolve(original.apply(this, values)).then(() => Promise.reject(error));
      if (owner === 'FileHandle' || owner === 'fs.promises') return Promise.reject(error);
      throw error;
    };
  }
}

const handle = await fs.promises.open('/dev/null');
mine(
  'FileHandle',
  Object.getPrototypeOf(handle),
  [
    'chmod',
    'chown',
    'close',
    'datasync',
    'read',
    'readFile',
    'stat',
    'sync',
    'truncate',
    'write',
    'writeFile',
    'writev',
  ],
  ['close'],
);
await handle.close();
mine('fs.promises', fs.promises, [
  ...['access', 'chmod', 'chown', 'copyFile', 'lstat', 'mkdir', 'open', 'opendir', 'readdir', 'readFile'],
  ...['readlink', 'realpath', 'rename', 'rm', 'rmdir', 'stat', 'statfs', 'symlink', 'unlink', 'writeFile'],
]);
mine('fs', fs, [
  ...['lstatSync', 'mkdirSync', 'openSync', 'readSync', 'readFileSync', 'readdirSync', 'renameSync'],
  ...['statSync', 'watch'],
]);
mine('child_process', childProcess, ['execFile', 'spawn']);
syncBuiltinESMExports();

const load = koffi.load.bind(koffi);
koffi.load = (name) => {
  const library = load(name);
  if (name !== null) return library;
  // Its own functions cannot be replaced.
  return { func: (definition) => mineOfLibc(definition, library.func(definition)) };
};

const limits = load(null);
const getrlimit = limits.func('int getrlimit(int resource, void *limits)');
const setrlimit = limits.func('int setrlimit(int resource, const void *limits)');
const openFiles = 7; // RLIMIT_NOFILE

/** Run work while this process can open only so many more files: the kernel answers EMFILE to the next one. */
export async function withDescriptorsLeft(left: number, work: () => Promise<void>): Promise<void> {
  const before = new BigUint64Array(2);
  assert.equal(getrlimit(openFiles, before), 0);
  const highest = Math.max(...fs.readdirSync('/proc/self/fd').map(Number));
  const fillers: number[] = [];
  do fillers.push(fs.openSync('/dev/null', 'r'));
  while ((fillers.at(-1) ?? 0) <= highest);
  const limited = before.slice();
  limited[0] = BigInt((fillers.at(-1) ?? 0) + 1 + left);
  try {
    assert.equal(setrlimit(openFiles, limited), 0);
    await work();
  } finally {
    assert.equal(setrlimit(openFiles, before), 0);
    for (const filler of fillers) fs.closeSync(filler);
  }
}

/** Calls that change or query the host; calls on memory do not fail. */
function mineOfLibc(definition: string, original: KoffiFunction): KoffiFunction {
  const name = /(\w+)\(/.exec(definition)?.[1] ?? definition;
  // waitpid(2) of one's own child has no such error.
  if (!definition.startsWith('int ') || name === 'waitpid') return original;
  const call = (...values: unknown[]): unknown => {
    if (!fails(`libc.${name}`, values)) return original(...values);
    // A descriptor is closed even if close() fails.
    if (name === 'close') original(...values);
    koffi.errno(errno);
    return -1;
  };
  const callAsync = (...values: unknown[]): unknown => {
    if (!fails(`libc.${name}`, values)) return original.async(...values);
    const done = values.at(-1) as (error: null, result: number) => void; // koffi's convention
    setImmediate(() => {
      koffi.errno(errno);
      done(null, -1);
    });
    return undefined;
  };
  return Object.assign(call, { async: callAsync });
}
