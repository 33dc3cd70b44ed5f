/**
 * The journal of mounts: one file for each volume that was mounted since the boot, below the exec root. Each change is one
 * rename, which the end of this process cannot undo; nothing is flushed, since a boot ends every mount.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyedQueue, mapBounded } from '@outboard/async';
import { digestHex, digestOf, JsonFile, makeDirectories, onStorage } from '@outboard/oci';
import type { Logger } from 'pino';
import { type HeldVolume, heldVolumeCodec } from './held-volume.ts';

const journalFile = new JsonFile<HeldVolume>({
  subject: 'journal of mounts',
  codec: heldVolumeCodec,
  isSealed: true,
  isDurable: false,
  damage: 'set-aside',
});

/** Volumes on disk by driver and name. */
export interface MountJournal {
  /** Volumes of this boot. A file that cannot be read is logged and left out. */
  load(): Promise<readonly HeldVolume[]>;
  /** Replace the file of a volume. @throws {OutboardError} system; the old file is untouched then */
  write(held: HeldVolume): Promise<void>;
  /** Delete the file of a volume; nothing happens when there is none. */
  remove(held: Pick<HeldVolume, 'driver' | 'volume'>): Promise<void>;
}

/** Choices of `createMountJournal()`. */
export interface MountJournalOptions {
  /** Such as `EXEC_ROOT/mounts`; created with the first file. */
  readonly directory: string;
  readonly bootId: string;
  readonly logger: Logger;
}

/** The journal in a directory. */
export function createMountJournal({ directory, bootId, logger }: MountJournalOptions): MountJournal {
  /** Writes of one file share the name of their temporary file. */
  const queue = createKeyedQueue();
  const pathOf = ({ driver, volume }: Pick<HeldVolume, 'driver' | 'volume'>) =>
    join(directory, `${digestHex(digestOf(Buffer.from(`${driver}\0${volume}`)))}.json`);

  async function read(name: string): Promise<readonly HeldVolume[]> {
    const path = join(directory, name);
    try {
      const held = name.endsWith('.json') ? await journalFile.read(path) : undefined;
      if (held?.bootId === bootId) return [held];
      // Of an earlier boot, or a write that was cut short.
      if (held !== undefined || name.endsWith('.new')) await rm(path, { force: true });
    } catch (error) {
      logger.error({ err: error, path }, 'cannot read who holds a volume: it counts as unused');
    }
    return [];
  }

  return {
    async load() {
      return (await mapBounded(await namesIn(directory), read)).flat();
    },
    write: (held) =>
      queue.run(pathOf(held), async () => {
        // A cleaner of the exec root may have deleted it.
        await makeDirectories(directory, { mode: 0o700 });
        await journalFile.write(pathOf(held), held);
      }),
    remove: (held) =>
      queue.run(pathOf(held), () =>
        onStorage('delete file', pathOf(held), () => rm(pathOf(held), { force: true })),
      ),
  };
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
