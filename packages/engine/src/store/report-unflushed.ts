/**
 * Logs changes that were made, but that a power cut may undo.
 */
import type { ReportUnflushed } from '@outboard/oci';
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
