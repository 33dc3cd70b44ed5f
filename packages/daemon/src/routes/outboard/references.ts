/**
 * `/outboard/v1/plugins/{name}/uses`: who needs a plugin, which Docker counts but does not tell. A client that needs one
 * for as long as it lives or longer holds it here; volumes and mounts hold theirs by themselves.
 */
import type { PluginEngine, PluginUse } from '@outboard/engine';
import { HttpError } from '../../http/errors.ts';
import { emptyReply, jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

const path = '/outboard/v1/plugins/{name}/uses';

/** `GET` tells, `POST` holds, `DELETE` lets go. */
export function referenceRoutes({ inspect, uses }: Pick<PluginEngine, 'inspect' | 'uses'>): readonly Route[] {
  return [
    {
      method: 'GET',
      path,
      handle: ({ name }) => jsonReply(200, { Uses: uses.of(inspect(name).id).map(toDocument) }),
    },
    {
      method: 'POST',
      path,
      async handle({ name, body }) {
        const holder = parseHold(await body.json());
        await uses.hold(inspect(name).id, { kind: 'client', holder });
        return emptyReply(204);
      },
    },
    {
      method: 'DELETE',
      path,
      async handle({ name, query }) {
        const holder = query.get('holder') ?? '';
        if (holder === '') throw new HttpError(400, 'missing parameter "holder": want the one that holds');
        await uses.release(inspect(name).id, { kind: 'client', holder });
        return emptyReply(204);
      },
    },
  ];
}

function toDocument({ kind, holder, since }: PluginUse): object {
  return { Kind: kind, Holder: holder, Since: since.toISOString() };
}

/** Other kinds are held by the daemon's own stores, which would lose count. */
function parseHold(document: unknown): string {
  const { Kind = 'client', Holder, ...others } = asObject(document);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new HttpError(400, `unknown field ${JSON.stringify(unknown)}: want "Kind" and "Holder"`);
  }
  if (Kind !== 'client') throw new HttpError(400, 'invalid "Kind": want "client"');
  if (typeof Holder !== 'string') throw new HttpError(400, 'invalid "Holder": want a string');
  return Holder;
}

function asObject(document: unknown): Readonly<Record<string, unknown>> {
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) {
    return document as Readonly<Record<string, unknown>>; // of JSON, every object is one
  }
  throw new HttpError(400, 'invalid JSON: expected an object with "Holder"');
}
