/**
 * `/outboard/v1/consumers`: programs that use the plugins, and the files of their configuration.
 */
import { OutboardError } from '@outboard/engine';
import {
  type ConnectionStatus,
  type ConsumerReport,
  type Consumers,
  connectOptionsCodec,
} from '@outboard/gateway';
import { codec } from '@outboard/oci';
import { readJsonBody } from '../../http/json-body.ts';
import { isTrue } from '../../http/parameters.ts';
import { jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

const path = '/outboard/v1/consumers';

/** `GET` lists the connections, `POST …/{name}/connect` and `…/disconnect` change one; `dryRun` only reports. */
export function consumerRoutes(consumers: Consumers | undefined): readonly Route[] {
  return [
    {
      method: 'GET',
      path,
      handle: () =>
        jsonReply(200, {
          Kinds: consumers?.kinds ?? [],
          Connections: (consumers?.list() ?? []).map(connectionDocument),
        }),
    },
    changeRoute('connect', consumers),
    changeRoute('disconnect', consumers),
  ];
}

function changeRoute(action: 'connect' | 'disconnect', consumers: Consumers | undefined): Route {
  return {
    method: 'POST',
    path: `${path}/{name}/${action}`,
    async handle({ name, query, body, signal }) {
      const options = await readJsonBody(body, connectOptionsCodec, { unknownFields: 'refuse' });
      if (consumers === undefined) {
        throw new OutboardError(
          'conflict',
          'the gateway is off: plugins have no sockets until gateway-dir is set',
        );
      }
      const change = { isDryRun: isTrue(query.get('dryRun')), signal };
      return jsonReply(200, reportDocument(await consumers[action](name, options, change)));
    },
  };
}

function connectionDocument({ kind, options, since, files }: ConnectionStatus) {
  return {
    Kind: kind,
    ...codec.encodeObject(connectOptionsCodec, options),
    Since: since.toISOString(),
    Files: files,
  };
}

function reportDocument({ description, files, notes }: ConsumerReport) {
  return {
    Description: description,
    Files: files.map((file) => ({
      Path: file.path,
      State: file.state,
      Reason: file.reason ?? '',
      Content: file.content ?? '',
    })),
    Notes: notes,
  };
}
