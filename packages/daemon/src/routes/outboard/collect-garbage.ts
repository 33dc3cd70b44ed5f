/**
 * `POST /outboard/v1/gc`: delete unused content, for which Docker has no route.
 */
import type { PluginEngine } from '@outboard/engine';
import { jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/** Collects garbage, and returns the number and size of the deleted blobs. */
export function collectGarbageRoute(engine: Pick<PluginEngine, 'collectGarbage'>): Route {
  return {
    method: 'POST',
    path: '/outboard/v1/gc',
    async handle() {
      const { blobs, bytes, kept } = await engine.collectGarbage();
      return jsonReply(200, {
        BlobsRemoved: blobs,
        BytesReclaimed: bytes,
        KeptForDamaged: kept && { Blobs: kept.blobs, Bytes: kept.bytes },
      });
    },
  };
}
