/**
 * `outboard export`
 */
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exportPlugin } from '../client/image-api.ts';
import { throwReadError } from '../client/read-body.ts';
import { CommandError, messageOf } from '../command-error.ts';
import { parseLocalName } from '../references/remote-reference.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';

/** Flags of `outboard export`. */
export interface ExportOptions {
  /** A file, a directory, or `-` for standard output, which is the default. */
  readonly output?: string | undefined;
}

/** Write a plugin as `create` takes it. @throws {CommandError} exit code 125 when the output would be a terminal */
export async function exportCommand(
  context: CommandContext,
  name: string,
  { output = '-' }: ExportOptions,
): Promise<void> {
  const { client, host } = context;
  parseLocalName(name);
  if (output === '-' && host.stdout.isTTY === true) {
    throw new CommandError(
      'export: an archive is not written to a terminal: want --output FILE or DIRECTORY',
      {
        exitCode: 125,
      },
    );
  }
  const isDirectory = output.endsWith('/') || (await isPresentDirectory(output));
  const archive = await exportPlugin(client, name);
  try {
    if (output === '-') await pipeline(archive, host.stdout, { end: false, signal: context.signal });
    else if (isDirectory) await writeDirectory(context, archive, output);
    else await writeFile(context, archive, output);
  } finally {
    archive.destroy();
  }
}

async function isPresentDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}

/** Write beside the file and rename, so that no part of an archive has its name. */
async function writeFile({ signal }: CommandContext, archive: Readable, file: string): Promise<void> {
  const part = `${file}.part-${process.pid}`;
  try {
    await pipeline(archive, createWriteStream(part, { flags: 'wx', mode: 0o600 }), { signal });
    await rename(part, file);
  } catch (cause) {
    await rm(part, { force: true });
    throwReadError(cause, signal, `cannot write "${file}": ${messageOf(cause)}`);
  }
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
