/**
 * `/outboard/v1/volumes/{name}/mount` and `…/unmount`: mounts by hand, for units and scripts. Docker mounts volumes for
 * containers only.
 */
import { type Consumer, OutboardError, type Volumes } from '@outboard/engine';
import { codec } from '@outboard/oci';
import type { Exchange } from '../../http/exchange.ts';
import { readJsonBody } from '../../http/json-body.ts';
import { emptyReply, jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/** `POST` of both. A holder holds a volume once, so that both may be repeated. */
export function mountRoutes(volumes: Pick<Volumes, 'mount' | 'unmount'>): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/outboard/v1/volumes/{name}/mount',
      async handle(exchange) {
        const { consumer, holder, driver } = await readRequest(exchange);
        const { name, signal } = exchange;
        const path = await volumes.mount(name, holder, { driver, consumer, signal });
        return jsonReply(200, { Mountpoint: path, Holder: holder });
      },
    },
    {
      method: 'POST',
      path: '/outboard/v1/volumes/{name}/unmount',
      async handle(exchange) {
        const { holder, driver } = await readRequest(exchange);
        await volumes.unmount(exchange.name, holder, { driver, signal: exchange.signal });
        return emptyReply(204);
      },
    },
  ];
}

const requestCodec = codec.object({
  holder: codec.optionalField('Holder', codec.textIfAny),
  driver: codec.optionalField('Driver', codec.textIfAny),
});

async function readRequest({ body, consumer }: Exchange) {
  const { holder, driver } = await readJsonBody(body, requestCodec, { unknownFields: 'refuse' });
  const caller: Consumer = { ...consumer(), isByHand: true };
  return { consumer: caller, holder: holder ?? defaultHolder(caller), driver };
}

/** The unit of the caller, which is the same for all commands of a unit, else its user. */
function defaultHolder({ unit, uid }: Consumer): string {
  if (unit !== undefined) return unit;
  if (uid !== undefined) return `uid-${uid}`;
  throw new OutboardError(
    'invalid',
    'missing field "Holder": the caller is not on this host, so that its unit and user are unknown',
  );
}
