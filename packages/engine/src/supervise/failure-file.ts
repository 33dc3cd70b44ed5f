/**
 * The last failure of each plugin on disk, so that it can still be read when the daemon, or the host, has been restarted.
 */
import { readFile } from 'node:fs/promises';
import { isErrno } from '@outboard/container';
import { commitFile } from '@outboard/oci';
import type { Logger } from 'pino';
import * as z from 'zod';
import type { PluginLayout } from '../store/plugin-layout.ts';
import { reportUnflushed } from '../store/report-unflushed.ts';
import type { PluginFailure } from './plugin-failure.ts';

/** Keeps one failure per plugin. */
export interface FailureFiles {
  /** In place of the one before. @throws the error of the file system */
  write(id: string, failure: PluginFailure): Promise<void>;
  /** @returns undefined when there is none, or the file is damaged, which is logged */
  read(id: string): Promise<PluginFailure | undefined>;
}

const failureDocument = z.object({
  at: z.iso.datetime().transform((text) => new Date(text)),
  reason: z.string(),
  exit: z
    .object({ code: z.int().optional(), signal: z.string().optional(), outOfMemory: z.boolean() })
    .optional(),
  log: z.array(z.string()),
});

/** Readers and writers of `last-failure.json` for each plugin. */
export function createFailureFiles(layout: PluginLayout, logger: Logger): FailureFiles {
  const onUnflushed = reportUnflushed(logger);
  return {
    async write(id, failure) {
      const text = `${JSON.stringify(failure)}\n`;
      // Not for everyone: the log may hold what the plugin should not have printed.
      await commitFile(layout.plugin(id).lastFailure, text, { mode: 0o600, onUnflushed });
    },
    async read(id) {
      try {
        return parseFailure(await readFile(layout.plugin(id).lastFailure, 'utf8'));
      } catch (error) {
        if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
        logger.warn({ err: error, id }, 'cannot read why a plugin last failed');
        return undefined;
      }
    },
  };
}

/** @throws {Error} for anything but what was written */
function parseFailure(text: string): PluginFailure {
  const { exit, ...failure } = failureDocument.parse(JSON.parse(text));
  if (exit === undefined) return failure;
  const { code, signal, outOfMemory } = exit;
  return {
    ...failure,
    exit: { ...(code !== undefined && { code }), ...(signal !== undefined && { signal }), outOfMemory },
  };
}
