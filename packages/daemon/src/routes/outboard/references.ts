/**
 * `/outboard/v1/plugins/{name}/uses`: the references to a plugin, which Docker counts but does not list. A client that
 * depends on a plugin adds a reference here; volumes and mounts have theirs already. A plugin that is referenced is neither
 * disabled nor removed without force.
 */
import { type PluginEngine, type PluginReference, referenceCodec, showReference } from '@outboard/engine';
import { codec } from '@outboard/oci';
import { HttpError } from '../../http/errors.ts';
import { readJsonBody } from '../../http/json-body.ts';
import { emptyReply, jsonReply } from '../../http/reply.ts';
import type { RequestBody } from '../../http/request-body.ts';
import type { Route } from '../../http/route-table.ts';

const path = '/outboard/v1/plugins/{name}/uses';

/** `GET` lists the references, `POST` adds one, `DELETE` removes one. */
export function referenceRoutes({
  inspect,
  references,
}: Pick<PluginEngine, 'inspect' | 'references'>): readonly Route[] {
  return [
    {
      method: 'GET',
      path,
      handle: ({ name }) => jsonReply(200, { Uses: references.of(inspect(name).id).map(toDocument) }),
    },
    {
      method: 'POST',
      path,
      async handle({ name, body }) {
        const holder = await readHolder(body);
        await references.add(inspect(name).id, { kind: 'client', holder });
        return emptyReply(204);
      },
    },
    {
      method: 'DELETE',
      path,
      async handle({ name, query }) {
        const holder = query.get('holder') ?? '';
        if (holder === '') throw new HttpError(400, 'missing parameter "holder"');
        await references.remove(inspect(name).id, { kind: 'client', holder });
        return emptyReply(204);
      },
    },
  ];
}

function toDocument(reference: PluginReference): object {
  return { ...codec.encodeObject(referenceCodec, reference), Description: showReference(reference) };
}

const requestCodec = codec.required(
  codec.object({
    kind: codec.optionalField('Kind', codec.textIfAny),
    holder: codec.field('Holder', codec.requiredText),
  }),
);

/** References of other kinds belong to the daemon's own stores, whose counts must stay correct. */
async function readHolder(body: RequestBody): Promise<string> {
  const { kind, holder } = await readJsonBody(body, requestCodec, { unknownFields: 'refuse' });
  if (kind !== undefined && kind !== 'client') {
    throw new HttpError(400, 'invalid JSON: field "Kind": expected "client"');
  }
  return holder;
}
