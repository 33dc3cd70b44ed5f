/**
 * `POST /volumes/create`
 * @see Docker Engine API v1.51, VolumeCreateOptions
 */
import { type CreateVolumeRequest, OutboardError, type TextMap, type Volumes } from '@outboard/engine';
import { HttpError } from '../../../http/errors.ts';
import { jsonReply } from '../../../http/reply.ts';
import type { Route } from '../../../http/route-table.ts';
import { toVolumeDocument } from './volume-document.ts';

export function createVolumeRoute(volumes: Pick<Volumes, 'create'>): Route {
  return {
    method: 'POST',
    path: '/volumes/create',
    async handle({ body, signal }) {
      const request = parseCreateVolume(await body.json());
      return jsonReply(201, toVolumeDocument(await volumes.create({ ...request, signal })));
    },
  };
}

/**
 * Read the body: what is absent, null or '' is not given, as for a Go decoder. Options may be secret, so errors name
 * fields only.
 * @throws {HttpError} 400; {OutboardError} not-implemented for a cluster volume
 */
export function parseCreateVolume(document: unknown): CreateVolumeRequest {
  const fields = readFields(document ?? {});
  if ((fields.get('clustervolumespec') ?? null) !== null) {
    throw new OutboardError(
      'not-implemented',
      'cluster volumes need swarm mode, which this daemon does not have',
    );
  }
  const name = readText(fields, 'Name');
  const driver = readText(fields, 'Driver');
  const options = readTextMap(fields, 'DriverOpts');
  const labels = readTextMap(fields, 'Labels');
  return {
    ...(name === '' ? {} : { name }),
    ...(driver === '' ? {} : { driver }),
    ...(options === undefined ? {} : { options }),
    ...(labels === undefined ? {} : { labels }),
  };
}

type Fields = ReadonlyMap<string, unknown>;

/** By lower-case name: Go's decoder knows fields in any letter case. */
function readFields(document: unknown): Fields {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new HttpError(400, 'invalid JSON: expected an object');
  }
  return new Map(Object.entries(document).map(([key, value]) => [key.toLowerCase(), value]));
}

function readText(fields: Fields, name: string): string {
  const value = fields.get(name.toLowerCase()) ?? '';
  if (typeof value !== 'string') throw new HttpError(400, `invalid JSON: ${name} is not a string`);
  return value;
}

function readTextMap(fields: Fields, name: string): TextMap | undefined {
  const value = fields.get(name.toLowerCase()) ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new HttpError(400, `invalid JSON: ${name} is not an object`);
  }
  const map = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    // For null Go's decoder leaves the zero value.
    if (text !== null && typeof text !== 'string') {
      throw new HttpError(400, `invalid JSON: a value in ${name} is not a string`);
    }
    map.set(key, text ?? '');
  }
  return map;
}
