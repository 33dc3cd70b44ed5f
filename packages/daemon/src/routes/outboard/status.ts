/**
 * `GET /outboard/v1/plugins` and `GET /outboard/v1/plugins/{name}/json`: state of plugins, which Docker does not return.
 */
import type {
  DamagedPluginStatus,
  PluginEngine,
  PluginFailure,
  PluginState,
  PluginStatus,
} from '@outboard/engine';
import type { Gateway, GatewayEndpoint } from '@outboard/gateway';
import { encodeJsonBytes } from '../../http/json.ts';
import { encodeJsonList } from '../../http/json-list.ts';
import { encodedJsonReply, jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';
import { damagedName, filterDamaged } from '../../plugin-list/damaged-plugins.ts';
import { parsePluginFilters } from '../../plugin-list/plugin-filters.ts';
import { toSourceImageDocument, toVerificationDocument } from '../../plugin-list/verification-document.ts';

/**
 * Status of all plugins, and of one; damaged plugins are included.
 * @param gateway undefined while it is off
 */
export function statusRoutes(
  engine: Pick<PluginEngine, 'statuses' | 'status' | 'damaged' | 'inspectDamaged'>,
  gateway: Pick<Gateway, 'endpoint'> | undefined,
): readonly Route[] {
  const describe = (status: PluginStatus) => ({
    ...toStatusDocument(status),
    Gateway: toEndpointDocument(gateway?.endpoint(status.plugin.id)),
  });
  return [
    {
      method: 'GET',
      path: '/outboard/v1/plugins',
      async handle({ query }) {
        const filters = parsePluginFilters(query.get('filters'));
        const statuses = await engine.statuses(filters);
        const damaged = filterDamaged(engine.damaged(), filters);
        const documents = [
          ...statuses.map((status) => () => describe(status)),
          ...damaged.map((plugin) => () => toDamagedDocument(plugin)),
        ];
        return encodedJsonReply(
          200,
          await encodeJsonList(documents, (document) => encodeJsonBytes(document())),
        );
      },
    },
    {
      method: 'GET',
      // With a suffix as in Docker: otherwise a plugin named "acme/logs" would match the logs of "acme".
      path: '/outboard/v1/plugins/{name}/json',
      async handle({ name }) {
        const damaged = engine.inspectDamaged(name);
        if (damaged !== undefined) return jsonReply(200, toDamagedDocument(damaged));
        return jsonReply(200, describe(await engine.status(name)));
      },
    },
  ];
}

/** Convert a status: times as in RFC 3339, unknown fields are absent. */
function toStatusDocument(status: PluginStatus): object {
  const {
    plugin,
    state,
    health,
    digest,
    platform,
    indexDigest,
    verification,
    sourceImage,
    architecture,
    address,
    usage,
    socketPath,
    outOfMemoryKills,
    previousVersion: previous,
    lastFailure,
  } = status;
  return {
    Id: plugin.id,
    Name: plugin.name,
    Enabled: plugin.enabled,
    PluginReference: plugin.pluginReference,
    Description: plugin.config.description,
    Digest: digest,
    Platform: platform,
    IndexDigest: indexDigest,
    Verification: verification && toVerificationDocument(verification),
    SourceImage: sourceImage && toSourceImageDocument(sourceImage),
    Architecture: architecture,
    Address: address,
    SocketPath: socketPath,
    State: { ...toStateDocument(state), Health: health },
    MemoryBytes: usage?.memoryBytes,
    OOMKills: outOfMemoryKills,
    PreviousVersion: previous && {
      PluginReference: previous.pluginReference,
      Digest: previous.digest,
      Bytes: previous.bytes,
    },
    LastFailure: lastFailure && toFailureDocument(lastFailure),
  };
}

/** @returns undefined for a plugin without a socket for other engines */
function toEndpointDocument(endpoint: GatewayEndpoint | undefined): object | undefined {
  if (endpoint === undefined) return undefined;
  const { alias, path, problem } = endpoint;
  return { Alias: alias, Socket: path, Problem: problem };
}

function toDamagedDocument(damaged: DamagedPluginStatus): object {
  const { id, reason, isRunning } = damaged;
  return {
    Id: id,
    Name: damagedName(damaged),
    Enabled: isRunning,
    Description: '',
    Digest: '',
    State: { Status: 'damaged', Reason: reason },
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
