/**
 * Records the changes that this process makes to files below a directory, and the flushes of them, in order. Import this
 * before the engine: koffi's functions are bound when a module is loaded. Programs and the unpack jail, which are processes
 * of their own, are not seen.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import loadedKoffi from 'koffi';

/** One change or flush. */
export interface RecordedChange {
  readonly kind: 'make' | 'write' | 'flush' | 'rename' | 'exchange' | 'delete';
  /** Absolute path. */
  readonly path: string;
  /** The other path of a rename or an exchange. */
  readonly to?: string;
}

// The functions that are used here, which are replaced below.
const koffi = loadedKoffi as unknown as { load(name: string | null): KoffiLibrary };

type KoffiFunction = ((...values: unknown[]) => unknown) & { async(...values: unknown[]): unknown };
interface KoffiLibrary {
  func(definition: string): KoffiFunction;
}

let recording: { readonly within: string; readonly onChange: (change: RecordedChange) => void } | undefined;

/** Run work. @returns the changes below a directory that it made before it ended */
export async function recordChanges(
  within: string,
  work: () => Promise<unknown>,
): Promise<readonly RecordedChange[]> {
  const changes: RecordedChange[] = [];
  await followChanges(within, (change) => changes.push(change), work);
  return changes;
}

/** Run work. @param onChange called for each change below a directory, before the next one */
export async function followChanges<Result>(
  within: string,
  onChange: (change: RecordedChange) => void,
  work: () => Promise<Result>,
): Promise<Result> {
  recording = { within, onChange };
  try {
    return await work();
  } finally {
    recording = undefined;
  }
}

function record(kind: RecordedChange['kind'], path: unknown, to?: unknown): void {
  if (recording === undefined || typeof path !== 'string') return;
  if (!path.startsWith(recording.within) && !String(to).startsWith(recording.within)) return;
  recording.onChange({ kind, path, ...(typeof to === 'string' && { to }) });
}

type Functions = Record<string, (...values: unknown[]) => unknown>;

/** Record a call once it has succeeded, as `note` says. */
function observe(
  object: object,
  name: string,
  note: (self: object, values: readonly unknown[]) => void,
): void {
  const functions = object as Functions; // Each is looked up by its name.
  const original = functions[name];
  if (original === undefined) return;
  functions[name] = function (this: object, ...values: unknown[]): unknown {
    const result = original.apply(this, values);
    if (!(result instanceof Promise)) {
      note(this, values);
      return result;
    }
    return result.then((value: unknown) => {
      note(this, values);
      return value;
    });
  };
}

/** Paths of open files. */
const paths = new WeakMap<object, string>();
const open = fs.promises.open.bind(fs.promises);
fs.promises.open = async (path, ...rest) => {
  const handle = await open(path, ...rest);
  if (typeof path === 'string') paths.set(handle, path);
  return handle;
};

const handle = await fs.promises.open('/dev/null');
const methods = Object.getPrototypeOf(handle) as object;
await handle.close();
for (const name of ['write', 'writev', 'writeFile', 'appendFile', 'truncate'])
  observe(methods, name, (self) => record('write', paths.get(self)));
for (const name of ['sync', 'datasync']) observe(methods, name, (self) => record('flush', paths.get(self)));
for (const name of ['mkdir', 'symlink', 'link'])
  observe(fs.promises, name, (_, values) => record('make', values[name === 'mkdir' ? 0 : 1]));
for (const name of ['rm', 'rmdir', 'unlink'])
  observe(fs.promises, name, (_, [path]) => record('delete', path));
for (const name of ['writeFile', 'appendFile', 'copyFile'])
  observe(fs.promises, name, (_, values) => record('write', values[name === 'copyFile' ? 1 : 0]));
observe(fs.promises, 'rename', (_, [from, to]) => record('rename', from, to));
observe(fs, 'renameSync', (_, [from, to]) => record('rename', from, to));
syncBuiltinESMExports();

const load = koffi.load.bind(koffi);
koffi.load = (name) => {
  const library = load(name);
  if (name !== null) return library;
  // Its own functions cannot be replaced.
  return { func: (definition) => observed(definition, library.func(definition)) };
};

/** Only renameat2(2) changes files of the data root in this process. */
function observed(definition: string, original: KoffiFunction): KoffiFunction {
  if (!/\brenameat2\(/.test(definition)) return original;
  const call = (...values: unknown[]): unknown => {
    const result = original(...values);
    const [from, to] = values.filter((value) => value instanceof Uint8Array || typeof value === 'string');
    if (result === 0) record('exchange', textOf(from), textOf(to));
    return result;
  };
  return Object.assign(call, { async: (...values: unknown[]) => original.async(...values) });
}

/** A C string. */
function textOf(value: unknown): string {
  return String(value instanceof Uint8Array ? Buffer.from(value) : value).replace(/\0$/, '');
}
