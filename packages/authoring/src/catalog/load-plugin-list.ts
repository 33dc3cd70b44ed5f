/**
 * Loads a list of plugins: the shipped one, a file, or one of a web server.
 */
import { open } from 'node:fs/promises';
import { type Cancellable, joinSignals } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { type PluginList, parsePluginList } from './plugin-catalog.ts';
import { reviewedPlugins } from './reviewed-plugins.ts';

/** Bound of a list in bytes. */
const maxBytes = 4 * 1024 * 1024;
const timeoutMs = 15_000;

/** Parts that loading takes. */
export interface LoadListDeps {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

/**
 * Load a list.
 * @param source path of a file or an `https:` URL; default the shipped list
 * @throws {OutboardError} invalid for another URL, a list that is too large, or one of another form; not-found for a file
 *   that cannot be read; unavailable when the server does not give it; the signal's reason
 */
export async function loadPluginList(
  source: string | undefined,
  { signal }: Cancellable = {},
  deps: LoadListDeps = { fetch },
): Promise<PluginList> {
  if (source === undefined) return reviewedPlugins;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(source)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'https') {
    throw new OutboardError('invalid', `catalogue ${source}: want an https:// URL or the path of a file`);
  }
  const bytes = scheme === undefined ? await readFileOf(source) : await download(source, signal, deps);
  return parsePluginList(bytes, source);
}

async function readFileOf(path: string): Promise<Buffer> {
  try {
    await using file = await open(path);
    const status = await file.stat();
    if (!status.isFile()) throw new Error('it is no regular file');
    if (status.size > maxBytes) throw tooLarge(path);
    return await file.readFile();
  } catch (cause) {
    if (cause instanceof OutboardError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutboardError('not-found', `cannot read catalogue ${path}: ${reason}`, { cause });
  }
}

async function download(url: string, signal: AbortSignal | undefined, deps: LoadListDeps): Promise<Buffer> {
  using limit = joinSignals([signal], { timeoutMs });
  try {
    // A redirect could lead to a server that is not the one that was named.
    const response = await deps.fetch(url, { signal: limit.signal, redirect: 'error' });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(url);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof OutboardError) throw cause;
    throw new OutboardError('unavailable', `cannot get catalogue ${url}: ${reasonOf(cause)}`, { cause });
  }
}

/** The system's reason is in the cause of the error of `fetch`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function tooLarge(source: string): OutboardError {
  return new OutboardError('invalid', `catalogue ${source} is larger than ${maxBytes} bytes`);
}
