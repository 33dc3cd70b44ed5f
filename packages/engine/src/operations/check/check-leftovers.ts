/**
 * Looks for content and directories that no plugin uses. Nothing of it is damage.
 */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errorCode } from '@outboard/container';
import { isBeingRemoved } from '../../store/plugin-layout.ts';
import type { Inspection } from './inspection.ts';

/** Tell about what garbage collection, the next start or an operator can remove. */
export async function checkLeftovers(inspection: Inspection): Promise<void> {
  await checkDirectories(inspection);
  await checkContent(inspection);
}

async function checkDirectories(inspection: Inspection): Promise<void> {
  const { store } = inspection.context;
  const { pluginsDirectory, stagingDirectory, contentDirectory } = store.layout;
  const damaged = new Set(store.damaged().map(({ id }) => id));
  const known = new Set([basename(stagingDirectory), basename(contentDirectory)]);
  for (const name of await readdir(pluginsDirectory)) {
    // Looked up after it was listed: a plugin may have been installed meanwhile.
    if (known.has(name) || damaged.has(name) || store.get(name) !== undefined) continue;
    const problem = isBeingRemoved(name)
      ? 'left of a plugin that was removed: the next start of the daemon deletes it'
      : 'it belongs to no plugin';
    const path = join(pluginsDirectory, name);
    inspection.report({ subject: 'leftover', severity: 'note', path, problem });
  }
}

async function checkContent(inspection: Inspection): Promise<void> {
  const { store, content } = inspection.context;
  const { contentDirectory } = store.layout;
  let [blobs, bytes] = [0, 0];
  for await (const blob of content.walk()) {
    if (store.isReferenced(blob.digest)) continue;
    blobs += 1;
    bytes += blob.size;
  }
  if (blobs > 0) {
    const problem = `${blobs} blobs (${bytes} bytes) belong to no plugin`;
    const remedy = 'remove them: outboard gc';
    const path = join(contentDirectory, 'blobs');
    inspection.report({ subject: 'leftover', severity: 'note', path, problem, remedy });
  }
  const setAside = join(contentDirectory, 'damaged');
  const files = await readdir(setAside).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  if (files.length === 0) return;
  const problem = `${files.length} damaged blobs were set aside: delete them when you have looked at them`;
  inspection.report({ subject: 'leftover', severity: 'note', path: setAside, problem });
}
