/**
 * Stage an archive: take the plugins that a client sends, to install them afterwards.
 */
import type { Cancellable } from '@outboard/async';
import type { StagedArchive } from '../../archives/staged-archives.ts';
import { collectGarbageOnFailure } from '../content/collect-garbage.ts';
import type { OperationCall } from '../face-rows.ts';
import { explainFullDisk } from './explain-full-disk.ts';

/** @throws {OutboardError} as `StagedArchives.stage`; system, code `no-space`, on a full disk */
export function stageArchive(
  context: Pick<OperationCall, 'archives' | 'content' | 'store' | 'dataRoot' | 'logger' | 'meter'>,
  source: AsyncIterable<Uint8Array>,
  options: Cancellable,
): Promise<StagedArchive> {
  const installation = { plugin: 'in the archive', layerBytes: () => undefined };
  return explainFullDisk(context, installation, () =>
    collectGarbageOnFailure(context, () => context.archives.stage(counted(context, source), options)),
  );
}

async function* counted(
  { meter }: Pick<OperationCall, 'meter'>,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    meter.received(chunk.length);
    yield chunk;
  }
}
