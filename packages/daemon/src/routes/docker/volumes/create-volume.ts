/**
 * `POST /volumes/create`
 * @see Docker Engine API v1.51, VolumeCreateOptions
 */
import { type CreateVolumeRequest, OutboardError, type Volumes } from '@outboard/engine';
import { codec } from '@outboard/oci';
import { readJsonBody } from '../../../http/json-body.ts';
import { jsonReply } from '../../../http/reply.ts';
import type { RequestBody } from '../../../http/request-body.ts';
import type { Route } from '../../../http/route-table.ts';
import { toVolumeDocument } from './volume-document.ts';

/** Creates a volume; its answer is that of an inspection. */
export function createVolumeRoute(volumes: Pick<Volumes, 'create'>): Route {
  return {
    method: 'POST',
    path: '/volumes/create',
    async handle({ body, signal }) {
      const request = await readRequest(body);
      return jsonReply(201, toVolumeDocument(await volumes.create({ ...request, signal })));
    },
  };
}

// As in Go, a null in it is the empty text.
const textMap = codec.mapOf(codec.text);

const requestCodec = codec.object({
  name: codec.optionalField('Name', codec.textIfAny),
  driver: codec.optionalField('Driver', codec.textIfAny),
  options: codec.optionalField('DriverOpts', textMap),
  labels: codec.optionalField('Labels', textMap),
  clusterVolumeSpec: codec.field('ClusterVolumeSpec', codec.anyJson),
});

/** @throws {HttpError} 400; {OutboardError} not-implemented for a cluster volume */
async function readRequest(body: RequestBody): Promise<CreateVolumeRequest> {
  const { clusterVolumeSpec, ...request } = await readJsonBody(body, requestCodec);
  if (clusterVolumeSpec === null) return request;
  throw new OutboardError(
    'not-implemented',
    'cluster volumes need swarm mode, which this daemon does not have',
  );
}
