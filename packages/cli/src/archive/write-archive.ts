/**
 * Writes archives to where a command was told to: a file, a device or pipe, or standard output. The rules are the same for
 * every command, and those of `docker save`: a file that exists is replaced, and a terminal is refused.
 * @see docker/cli cli/command/image/save.go (28.x)
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { CommandError, messageOf } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import { escapeText } from '../terminal/escape-text.ts';
import { writeAll } from '../terminal/write-all.ts';

/** Destination of an archive. */
export interface ArchiveOutput {
  /** File; `-` for standard output, which is the default. */
  readonly output?: string | undefined;
  readonly host: Pick<CommandHost, 'stdout'>;
  readonly signal: AbortSignal;
}

/** True for standard output. */
export function isStandardOutput(output: string | undefined): boolean {
  return output === undefined || output === '-';
}

/** Refuse an archive on a terminal, before anything is asked for. @throws {CommandError} */
export function refuseTerminal({ output, host }: Pick<ArchiveOutput, 'output' | 'host'>): void {
  if (!isStandardOutput(output) || host.stdout.isTTY !== true) return;
  throw new CommandError(
    'cowardly refusing to save to a terminal: name a file with --output, or redirect the output',
  );
}

/**
 * Write an archive. A file appears when it is complete, readable by its owner only; nothing is left after a failure.
 * @throws {CommandError} naming the file that cannot be written; the errors of the archive
 */
export async function writeArchive(
  archive: Readable,
  { output, host, signal }: ArchiveOutput,
): Promise<void> {
  if (output === undefined || output === '-') {
    for await (const chunk of archive as AsyncIterable<Buffer>) await writeAll(host.stdout, chunk, signal);
    return;
  }
  const present = await stat(output).catch(() => undefined);
  if (present?.isDirectory() === true) throw cannotWrite(output, 'it is a directory, want a file');
  if (present !== undefined && !present.isFile()) {
    await using device = await onFile(output, () => open(output, 'w'));
    return await writeChunks(archive, output, device);
  }
  // A link to a file stays one.
  const target = present === undefined ? output : await onFile(output, () => realpath(output));
  await writeBeside(archive, output, target);
}

/** Write beside the file and rename, so that no part of an archive has its name. */
async function writeBeside(archive: Readable, output: string, target: string): Promise<void> {
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(8).toString('hex')}`);
  try {
    await using file = await onFile(output, () => open(temporary, 'wx', 0o600));
    await writeChunks(archive, output, file);
    await onFile(output, () => file.sync());
    await onFile(output, () => rename(temporary, target));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeChunks(archive: Readable, output: string, file: FileHandle): Promise<void> {
  for await (const chunk of archive as AsyncIterable<Buffer>)
    await onFile(output, () => file.writeFile(chunk));
}

async function onFile<Result>(output: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    throw cannotWrite(output, reasonOf(cause), cause);
  }
}

/** The system's message without the temporary name, which tells nobody anything. */
function reasonOf(error: unknown): string {
  return messageOf(error).replace(/, (?:open|write|fsync|rename|realpath)\b.*$/s, '');
}

function cannotWrite(output: string, reason: string, cause?: unknown): CommandError {
  return new CommandError(`cannot write ${JSON.stringify(escapeText(output))}: ${reason}`, { cause });
}
