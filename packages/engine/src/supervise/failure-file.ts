/**
 * The last failure of each plugin on disk, so that it survives restarts of the daemon and the host.
 */
import { JsonFile } from '@outboard/oci';
import type { Logger } from 'pino';
import type { PluginLayout } from '../store/plugin-layout.ts';
import { reportUnflushed } from '../store/report-unflushed.ts';
import { failureCodec, type PluginFailure } from './plugin-failure.ts';

/** One failure per plugin. */
export interface FailureFiles {
  /** Replace the stored failure. @throws {OutboardError} system */
  write(id: string, failure: PluginFailure): Promise<void>;
  /** @returns undefined when there is none, or the file cannot be read, which is logged */
  read(id: string): Promise<PluginFailure | undefined>;
}

const failureFile = new JsonFile<PluginFailure>({ subject: 'last failure', codec: failureCodec });

/** The files of all plugins of one data root. */
export function createFailureFiles(layout: PluginLayout, logger: Logger): FailureFiles {
  const onUnflushed = reportUnflushed(logger);
  return {
    write: (id, failure) => failureFile.commit(layout.plugin(id).lastFailure, failure, onUnflushed),
    async read(id) {
      try {
        return await failureFile.read(layout.plugin(id).lastFailure);
      } catch (error) {
        logger.warn({ err: error, id }, 'cannot read why a plugin last failed');
        return undefined;
      }
    },
  };
}
