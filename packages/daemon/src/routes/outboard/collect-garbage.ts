/**
 * `POST /outboard/v1/gc`: delete unused content, for which Docker has no route.
 */
import type { PluginEngine } from '@outboard/engine';
import { isTrue } from '../../http/parameters.ts';
import { jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/** Collects garbage, and returns the number and size of the deleted blobs; `all` forgets versions to roll back to. */
export function collectGarbageRoute(engine: Pick<PluginEngine, 'collectGarbage'>): Route {
  return {
    method: 'POST',
    path: '/outboard/v1/gc',
    async handle({ query }) {
      const collected = await engine.collectGarbage({ all: isTrue(query.get('all')) });
      const { blobs, bytes, kept, forgotten, downloads } = collected;
      return jsonReply(200, {
        BlobsRemoved: blobs,
        BytesReclaimed: bytes,
        VersionsRemoved: forgotten && { Versions: forgotten.versions, Bytes: forgotten.bytes },
        DownloadsRemoved: downloads && { Downloads: downloads.count, Bytes: downloads.bytes },
        KeptForDamaged: kept && { Blobs: kept.blobs, Bytes: kept.bytes },
      });
    },
  };
}
