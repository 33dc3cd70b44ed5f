/**
 * `GET /outboard/v1/plugins` and `GET /outboard/v1/plugins/{name}/json`: what plugins do, which Docker does not tell.
 */
import type { PluginEngine, PluginFailure, PluginState, PluginStatus } from '@outboard/engine';
import { jsonReply } from '../http/reply.ts';
import type { Route } from '../http/route-table.ts';
import { parsePluginFilters } from './plugin-filters.ts';

export function statusRoutes(engine: Pick<PluginEngine, 'statuses' | 'status'>): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/outboard/v1/plugins',
      async handle({ query }) {
        const statuses = await engine.statuses(parsePluginFilters(query.get('filters')));
        return jsonReply(200, statuses.map(toStatusDocument));
      },
    },
    {
      method: 'GET',
      // As Docker's: without the last part, a plugin named "acme/logs" would be the logs of "acme".
      path: '/outboard/v1/plugins/{name}/json',
      handle: async ({ name }) => jsonReply(200, toStatusDocument(await engine.status(name))),
    },
  ];
}

/** A status on the wire; times as in RFC 3339, what is not known or does not apply is left out. */
function toStatusDocument(status: PluginStatus): object {
  const { plugin, state, health, digest, architecture, address, usage, outOfMemoryKills, lastFailure } =
    status;
  return {
    Id: plugin.id,
    Name: plugin.name,
    Enabled: plugin.enabled,
    PluginReference: plugin.pluginReference,
    Description: plugin.config.description,
    Digest: digest,
    Architecture: architecture,
    Address: address,
    State: { ...toStateDocument(state), Health: health },
    MemoryBytes: usage?.memoryBytes,
    OOMKills: outOfMemoryKills,
    LastFailure: lastFailure && toFailureDocument(lastFailure),
  };
}

function toStateDocument(state: PluginState): object {
  return {
    Status: state.status,
    Since: 'since' in state ? state.since.toISOString() : undefined,
    StartedAt: 'startedAt' in state ? state.startedAt.toISOString() : undefined,
    Pid: 'pid' in state ? state.pid : undefined,
    Restarts: 'restarts' in state ? state.restarts : undefined,
    RetryAt: 'retryAt' in state ? state.retryAt.toISOString() : undefined,
    Reason: 'reason' in state ? state.reason : undefined,
  };
}

function toFailureDocument({ at, reason, exit, log }: PluginFailure): object {
  return {
    At: at.toISOString(),
    Reason: reason,
    ExitCode: exit?.code,
    Signal: exit?.signal,
    OOMKilled: exit?.outOfMemory ?? false,
    Log: log,
  };
}
