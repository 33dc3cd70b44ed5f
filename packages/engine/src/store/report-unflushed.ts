/**
 * Logs changes that were made, but that a power cut may undo, and removes what is left of those that were not made.
 */
import { type ReportUnflushed, removeUnfinishedWrites } from '@outboard/oci';
import type { Logger } from 'pino';

/** @returns logs one error per change */
export function reportUnflushed(logger: Logger): ReportUnflushed {
  return (error) => {
    logger.error(
      { err: error },
      'a change was made, but its directory could not be flushed: a power cut may undo it; check the disk',
    );
  };
}

/** Remove temporary files of writes that a crash interrupted. Never rejects: a failure is logged. */
export async function clearUnfinishedWrites(directory: string, logger: Logger): Promise<void> {
  await removeUnfinishedWrites(directory, {
    onFailure: (error) =>
      logger.warn({ err: error, directory }, 'cannot remove what is left of a write that was cut short'),
  });
}
