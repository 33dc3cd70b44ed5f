/**
 * `GET /outboard/v1/plugins/{name}/logs`: past and new output of a plugin. Docker has no such route for plugins; parameters
 * and format are those of its `GET /containers/{id}/logs`.
 */
import type { PluginEngine } from '@outboard/engine';
import type { Route } from '../../http/route-table.ts';
import { parseLogRequest } from '../../plugin-logs/log-request.ts';
import { multiplexedContentType } from '../../plugin-logs/multiplexed-stream.ts';
import { streamLogs } from '../../plugin-logs/stream-logs.ts';

/** Streams the log of a plugin; see `plugin-logs/`. */
export function logsRoute({ logs }: Pick<PluginEngine, 'logs'>): Route {
  return {
    method: 'GET',
    path: '/outboard/v1/plugins/{name}/logs',
    handle({ name, query, signal }) {
      const { query: wanted, timestamps } = parseLogRequest(query, BigInt(Date.now()) * 1_000_000n);
      const log = logs.read(name, wanted, { signal });
      return {
        headers: { 'Content-Type': multiplexedContentType },
        write: (response) => streamLogs(response, log, { timestamps, signal }),
      };
    },
  };
}
