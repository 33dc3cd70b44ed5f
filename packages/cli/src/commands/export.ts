/**
 * `outboard export`
 */
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { refuseTerminal, writeArchive } from '../archive/write-archive.ts';
import { exportPlugin } from '../client/image-api.ts';
import { throwReadError } from '../client/read-body.ts';
import { parseLocalName } from '../references/remote-reference.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';

/** Flags of `outboard export`. */
export interface ExportOptions {
  /** A file, a directory, or `-` for standard output, which is the default. */
  readonly output?: string | undefined;
}

/** Write a plugin as `create` takes it. @throws {CommandError} when the output would be a terminal */
export async function exportCommand(
  context: CommandContext,
  name: string,
  { output }: ExportOptions,
): Promise<void> {
  const { client, host, signal } = context;
  parseLocalName(name);
  refuseTerminal({ output, host });
  const directory = output !== undefined && (await isForDirectory(output)) ? output : undefined;
  const archive = await exportPlugin(client, name);
  try {
    if (directory === undefined) await writeArchive(archive, { output, host, signal });
    else await writeDirectory(context, archive, directory);
  } catch (error) {
    // The directory's own errors come from a package that knows no commands.
    if (directory !== undefined) throw error;
    throwReadError(error, signal, 'the daemon closed the connection before the archive was complete');
  } finally {
    archive.destroy();
  }
}

async function isForDirectory(path: string): Promise<boolean> {
  if (path.endsWith('/')) return true;
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}

async function writeDirectory(
  { host, signal }: CommandContext,
  archive: Readable,
  directory: string,
): Promise<void> {
  const { unpackPlugin } = await import('@outboard/authoring');
  const { owners, devices, attributes } = await unpackPlugin(archive, directory, { signal });
  const warn = (text: string) => host.stderr.write(`warning: ${text}\n`);
  if (owners > 0) {
    const place = JSON.stringify(escapeText(directory));
    warn(
      `${owners} entries of other owners than root belong to you in ${place}: export as root, or to a file`,
    );
  }
  if (devices > 0) warn(`left out ${devices} devices: only root can make them`);
  if (attributes > 0)
    warn(`${attributes} files lack their capabilities: only an export to a file keeps them`);
}
