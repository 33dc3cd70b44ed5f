/**
 * The processor architecture that each plugin's program was built for, read once per version of a record.
 */
import type { Logger } from 'pino';
import type { PluginRecord } from '../config/plugin-config.ts';
import { readArchitecture } from '../preflight/foreign-program.ts';
import type { PluginStore } from '../store/plugin-store.ts';

/** Reads architectures. */
export interface ProgramArchitectures {
  /** OCI image-spec's name, such as `arm64`; undefined when the program does not tell it. Never rejects. */
  find(record: PluginRecord): Promise<string | undefined>;
}

/** Parts that reading takes. */
export interface ProgramArchitecturesDeps {
  readonly store: Pick<PluginStore, 'paths'>;
  readonly logger: Logger;
}

/** @returns remembers every answer for as long as its record is in use */
export function createProgramArchitectures({
  store,
  logger,
}: ProgramArchitecturesDeps): ProgramArchitectures {
  const known = new WeakMap<PluginRecord, Promise<string | undefined>>();

  async function read({ id, config, settings }: PluginRecord): Promise<string | undefined> {
    try {
      return await readArchitecture({ rootfs: store.paths(id).rootfs, config, settings });
    } catch (error) {
      logger.warn({ err: error, id }, 'cannot read the architecture of a plugin');
      return undefined;
    }
  }

  return {
    find(record) {
      const found = known.get(record) ?? read(record);
      known.set(record, found);
      return found;
    },
  };
}
