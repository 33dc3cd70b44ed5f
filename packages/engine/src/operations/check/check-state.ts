/**
 * Checks the files of the whole data root: records of volumes, and of consents.
 */
import { isOutboardError } from '@outboard/oci';
import type { Inspection } from './inspection.ts';

/** Tell about damaged files; with `repair`, write them again from memory. */
export async function checkState(inspection: Inspection): Promise<void> {
  const { volumeRecords, consents } = inspection.context;
  for (const files of [volumeRecords, consents]) {
    for (const { path, problem, rewrite } of await files.findDamaged()) {
      const found = { subject: 'state', path, problem } as const;
      if (inspection.request.repair !== true) {
        const remedy = 'write the one in force again, before the daemon is restarted: outboard fsck --repair';
        inspection.report({ ...found, remedy });
        continue;
      }
      try {
        await rewrite();
        inspection.report({ ...found, isRepaired: true });
      } catch (error) {
        if (!isOutboardError(error)) throw error;
        inspection.report({ ...found, remedy: error.message });
      }
    }
  }
}
