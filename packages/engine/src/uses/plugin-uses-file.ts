/**
 * Who holds a plugin, on disk: a file beside the plugin's record, which goes when the plugin goes.
 */
import { existsSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { commitFile, OutboardError, type ReportUnflushed } from '@outboard/oci';
import * as z from 'zod';
import { sealDocument, unsealDocument } from '../store/sealed-document.ts';
import { isHolder, type PluginUse, useKinds } from './plugin-uses.ts';

const usesVersion = 1;

const usesDocument = z.strictObject({
  Version: z.literal(usesVersion),
  Uses: z.array(
    z.strictObject({
      Kind: z.enum(useKinds),
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
export async function commitUses(
  path: string,
  uses: readonly PluginUse[],
  onUnflushed: ReportUnflushed,
): Promise<void> {
  const document = {
    Version: usesVersion,
    Uses: uses.map(({ kind, holder, since }) => ({
      Kind: kind,
      Holder: holder,
      Since: since.toISOString(),
    })),
  };
  await commitFile(path, sealDocument(document), { mode: 0o600, onUnflushed });
}

/**
 * @returns none when there is no file
 * @throws {OutboardError} system when the file is damaged, after it was put aside as `<path>.damaged`; the error of the
 *   file system when it cannot be read
 */
export async function readUses(path: string): Promise<readonly PluginUse[]> {
  // Most plugins have none, and a thousand of them are asked at start.
  if (!existsSync(path)) return [];
  const text = await readFile(path, 'utf8');
  try {
    const { Uses } = usesDocument.parse(unsealDocument(text));
    return Uses.map(({ Kind, Holder, Since }) => ({ kind: Kind, holder: Holder, since: Since }));
  } catch (cause) {
    // Not in the way of the next one that is written, and not lost to whoever repairs it.
    await rename(path, `${path}.damaged`);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutboardError('system', `uses ${JSON.stringify(path)} are damaged: ${reason}`, { cause });
  }
}
