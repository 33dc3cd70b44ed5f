/**
 * `outboard save`: write installed plugins to an archive.
 * @see docker/cli cli/command/image/save.go (28.x)
 */

import { writeArchiveFile } from '../archive/write-archive-file.ts';
import { saveArchive } from '../client/archive-api.ts';
import { throwReadError } from '../client/read-body.ts';
import { CommandError, codeOf } from '../command-error.ts';
import { parseLocalName } from '../references/remote-reference.ts';
import { writeAll } from '../terminal/write-all.ts';
import type { CommandContext } from './command-context.ts';

/** Save plugins. @param options.output file; default standard output, which must not be a terminal */
export async function save(
  { client, host, signal }: CommandContext,
  names: readonly string[],
  options: { readonly output?: string | undefined },
): Promise<void> {
  const { output } = options;
  if (output === undefined && host.stdout.isTTY === true) {
    throw new CommandError('cowardly refusing to save to a terminal: use -o FILE, or redirect the output');
  }
  const archive = await saveArchive(client, names.map(parseLocalName));
  try {
    if (output !== undefined) return await writeArchiveFile(archive, output);
    for await (const chunk of archive as AsyncIterable<Buffer>) await writeAll(host.stdout, chunk, signal);
  } catch (error) {
    if (codeOf(error) !== undefined && codeOf(error) !== 'ECONNRESET') throw error;
    throwReadError(error, signal, 'the daemon closed the connection before the archive was complete');
  } finally {
    archive.destroy();
  }
}
