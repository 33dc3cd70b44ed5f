/**
 * References to a plugin on disk: a file beside the plugin's record, deleted with the plugin.
 */
import { existsSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { commitFile, OutboardError, type ReportUnflushed } from '@outboard/oci';
import * as z from 'zod';
import { sealDocument, unsealDocument } from '../store/sealed-document.ts';
import { isHolder, type PluginReference, referenceKinds } from './plugin-references.ts';

const version = 1;

const referenceDocument = z.strictObject({
  Version: z.literal(version),
  Uses: z.array(
    z.strictObject({
      Kind: z.enum(referenceKinds),
      Holder: z.string().refine(isHolder),
      Since: z.iso.datetime().transform((text) => new Date(text)),
    }),
  ),
});

/**
 * Replace the file as a whole: a commit.
 * @param onUnflushed as in `commitInDirectory`
 * @throws {OutboardError} system
 */
export async function commitReferences(
  path: string,
  references: readonly PluginReference[],
  onUnflushed: ReportUnflushed,
): Promise<void> {
  const document = {
    Version: version,
    Uses: references.map(({ kind, holder, since }) => ({
      Kind: kind,
      Holder: holder,
      Since: since.toISOString(),
    })),
  };
  await commitFile(path, sealDocument(document), { mode: 0o600, onUnflushed });
}

/**
 * @returns none when there is no file
 * @throws {OutboardError} system when the file is damaged, after it was renamed to `<path>.damaged`; the error of the
 *   file system when it cannot be read
 */
export async function readReferences(path: string): Promise<readonly PluginReference[]> {
  // Most plugins have no file, and a daemon's start looks for a thousand of them.
  if (!existsSync(path)) return [];
  const text = await readFile(path, 'utf8');
  try {
    const { Uses } = referenceDocument.parse(unsealDocument(text));
    return Uses.map(({ Kind, Holder, Since }) => ({ kind: Kind, holder: Holder, since: Since }));
  } catch (cause) {
    // Renamed, so that the next write does not replace what an operator may still repair.
    await rename(path, `${path}.damaged`);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutboardError('system', `uses ${JSON.stringify(path)} are damaged: ${reason}`, { cause });
  }
}
