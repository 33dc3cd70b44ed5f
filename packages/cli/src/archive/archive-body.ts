/**
 * The bytes of an archive: a file, standard input, or a layout directory that is packed on the way.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { CommandError } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import type { PluginSource } from '../references/plugin-source.ts';

/** A source that is no registry. */
export type LocalSource = Exclude<PluginSource, { readonly kind: 'registry' }>;

/**
 * Open an archive.
 * @throws {CommandError} for a terminal; the system's error when there is no such file
 */
export async function openArchiveBody(
  source: LocalSource,
  { host, signal }: { readonly host: CommandHost; readonly signal: AbortSignal },
): Promise<Readable> {
  if (source.path === '-') {
    if (host.stdin.isTTY === true) {
      throw new CommandError('the archive cannot come from a terminal: name a file, or pipe it in');
    }
    return host.stdin;
  }
  const found = await stat(source.path);
  if (found.isDirectory()) return await packLayout(source, signal);
  if (source.kind === 'directory') {
    throw new CommandError(
      `${JSON.stringify(source.path)} is no directory; for a file: oci-archive:${source.path}`,
    );
  }
  return createReadStream(source.path, { highWaterMark: 256 * 1024, signal });
}

/** Pack a layout, or the one artifact of it that is asked for. */
async function packLayout({ path, name }: LocalSource, signal: AbortSignal): Promise<Readable> {
  // Reading layouts takes schemas and more, which no other command needs.
  const { openLocalLayout } = await import('./local-layout.ts');
  return Readable.from(await openLocalLayout(path, name, signal), { objectMode: false });
}
