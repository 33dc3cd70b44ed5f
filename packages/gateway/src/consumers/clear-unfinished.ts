/**
 * Removes what a crash within a write left beside the record of connections and beside the files of consumers.
 */
import { basename, dirname } from 'node:path';
import { removeUnfinishedWrites } from '@outboard/oci';
import type { Logger } from 'pino';
import type { ConsumerRecord } from './consumer-record.ts';

/**
 * Remove temporary files; none must be in use. Files of users are left out: their writes leave nothing. Never rejects.
 * @param recordPath file of the record
 */
export async function clearUnfinished(
  recordPath: string,
  { files }: ConsumerRecord,
  logger: Logger,
): Promise<void> {
  const own = files.filter(({ owner }) => owner === undefined).map(({ path }) => path);
  for (const path of [recordPath, ...own]) {
    await removeUnfinishedWrites(dirname(path), {
      of: basename(path),
      onFailure: (error) =>
        logger.warn({ err: error, path }, 'cannot remove what is left of a write that was cut short'),
    });
  }
}
