/**
 * Tells of changes that hold, but that may not be on the disk yet.
 */
import type { ReportUnflushed } from '@outboard/oci';
import type { Logger } from 'pino';

/** @param logger gets one line for each */
export function reportUnflushed(logger: Logger): ReportUnflushed {
  return (error) => {
    logger.error(
      { err: error },
      'a change was made and holds, but its folder could not be flushed: a power cut may undo it; check the disk',
    );
  };
}
