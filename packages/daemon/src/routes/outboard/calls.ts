/**
 * `GET /outboard/v1/calls`: the record of calls that other programs made to plugins through the gateway. Parameters and
 * format are those of a plugin's log; each line is a JSON document.
 */
import type { CallLog } from '@outboard/gateway';
import type { Route } from '../../http/route-table.ts';
import { parseLogRequest } from '../../plugin-logs/log-request.ts';
import { multiplexedContentType } from '../../plugin-logs/multiplexed-stream.ts';
import { streamLogs } from '../../plugin-logs/stream-logs.ts';

/** Streams calls, of the plugin that the parameter `plugin` names or of all. */
export function callsRoute(calls: Pick<CallLog, 'read'>): Route {
  return {
    method: 'GET',
    path: '/outboard/v1/calls',
    handle({ query, signal }) {
      const { tail, sinceNano, untilNano, follow } = parseLogRequest(query, nowNano()).query;
      const plugin = query.get('plugin') || undefined;
      const log = calls.read({ plugin, tail, sinceNano, untilNano, follow }, { signal });
      return {
        headers: { 'Content-Type': multiplexedContentType },
        write: (response) => streamLogs(response, log, { timestamps: false, signal }),
      };
    },
  };
}

function nowNano(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
