/**
 * Outboard's own routes for plugins: state, restart, repair, references, logs, garbage collection.
 */
import type { IncomingMessage } from 'node:http';
import { CommandError, DaemonError } from '../command-error.ts';
import { asText, field } from '../json-field.ts';
import { type ListFilters, listQuery } from '../options/list-filters.ts';
import type { EngineClient } from './engine-client.ts';
import { askOwnRoute, ownPluginPath, requireOwnRoute } from './own-route.ts';
import { parseRunningPlugins, type RunningPlugin } from './plugin-documents.ts';

/**
 * Plugins with their state, health and resource usage.
 * @returns undefined from a daemon without this route, as Docker Engine
 */
export async function listRunningPlugins(
  client: EngineClient,
  filters: ListFilters,
): Promise<readonly RunningPlugin[] | undefined> {
  const request = { method: 'GET', path: '/outboard/v1/plugins', query: listQuery(filters) } as const;
  return await askOwnRoute(async () => parseRunningPlugins(await client.call(request)));
}

/**
 * State and last failure of one plugin.
 * @returns the daemon's document; undefined from a daemon without this route, as Docker Engine
 */
export async function fetchStatus(client: EngineClient, name: string): Promise<unknown> {
  const path = ownPluginPath(name, '/json');
  return await askOwnRoute(() => client.call({ method: 'GET', path }));
}

/**
 * Consumers that use a plugin.
 * @returns the daemon's documents; empty from a daemon without this route, as Docker Engine
 */
export async function fetchReferences(client: EngineClient, name: string): Promise<readonly unknown[]> {
  const path = ownPluginPath(name, '/uses');
  const references = field(await askOwnRoute(() => client.call({ method: 'GET', path })), 'Uses');
  return Array.isArray(references) ? references : [];
}

/** Stop and start an enabled plugin. @throws {CommandError} if the daemon has no such route, as Docker Engine */
export async function restartPlugin(client: EngineClient, name: string, force: boolean): Promise<void> {
  const path = ownPluginPath(name, '/restart');
  const query = { force: force ? '1' : undefined };
  await requireOwnRoute('restart plugins: disable the plugin and enable it', () =>
    client.call({ method: 'POST', path, query }),
  );
}

/**
 * Rebuild the damaged record of a plugin.
 * @param newName default the name that the record still holds
 * @returns the plugin's name, and warnings about what was lost
 * @throws {CommandError} if the daemon has no such route, as Docker Engine
 */
export async function repairPlugin(
  client: EngineClient,
  plugin: string,
  newName: string | undefined,
): Promise<{ readonly name: string; readonly warnings: readonly string[] }> {
  const path = ownPluginPath(plugin, '/repair');
  const answer = await requireOwnRoute('repair plugins', () =>
    client.call({ method: 'POST', path, query: { name: newName } }),
  );
  const warnings = field(answer, 'Warnings');
  return {
    name: asText(field(answer, 'Name')),
    warnings: Array.isArray(warnings) ? warnings.map(asText) : [],
  };
}

/**
 * The output of a plugin, as Docker's multiplexed stream.
 * @throws {CommandError} if the daemon has no such route, as Docker Engine
 */
export async function openLogs(
  client: EngineClient,
  name: string,
  query: Readonly<Record<string, string | undefined>>,
): Promise<IncomingMessage> {
  const path = ownPluginPath(name, '/logs');
  return await requireOwnRoute('show the logs of plugins: it does not keep them', () =>
    client.open({ method: 'GET', path, query }),
  );
}

/**
 * Calls of other programs to plugins, as Docker's multiplexed stream of JSON documents.
 * @throws {CommandError} if the daemon has no such route, as Docker Engine
 */
export async function openCalls(
  client: EngineClient,
  query: Readonly<Record<string, string | undefined>>,
): Promise<IncomingMessage> {
  return await requireOwnRoute('show the calls of plugins: it does not record them', () =>
    client.open({ method: 'GET', path: '/outboard/v1/calls', query }),
  );
}

/** Content that was removed. */
export interface Garbage {
  readonly blobs: number;
  readonly bytes: number;
  /** Versions that plugins could be rolled back to; absent unless asked for. */
  readonly forgotten?: { readonly versions: number; readonly bytes: number } | undefined;
  /** Parts of interrupted downloads; absent when nothing of them was removed. */
  readonly downloads?: { readonly count: number; readonly bytes: number } | undefined;
  /** Content that damaged plugins may need; absent when there is none. */
  readonly kept?: { readonly blobs: number; readonly bytes: number } | undefined;
}

/**
 * Remove content that no plugin needs.
 * @param all also the versions that plugins could be rolled back to, and downloads that could be continued
 * @throws {CommandError} if the daemon has no such route, as Docker Engine
 */
export async function collectGarbage(client: EngineClient, all: boolean): Promise<Garbage> {
  try {
    const query = { all: all ? '1' : undefined };
    const answer = await client.call({ method: 'POST', path: '/outboard/v1/gc', query });
    const forgotten = field(answer, 'VersionsRemoved');
    const downloads = field(answer, 'DownloadsRemoved');
    const kept = field(answer, 'KeptForDamaged');
    return {
      blobs: Number(field(answer, 'BlobsRemoved') ?? 0),
      bytes: Number(field(answer, 'BytesReclaimed') ?? 0),
      forgotten:
        forgotten === undefined
          ? undefined
          : {
              versions: Number(field(forgotten, 'Versions') ?? 0),
              bytes: Number(field(forgotten, 'Bytes') ?? 0),
            },
      downloads:
        downloads === undefined
          ? undefined
          : {
              count: Number(field(downloads, 'Downloads') ?? 0),
              bytes: Number(field(downloads, 'Bytes') ?? 0),
            },
      kept:
        kept === undefined
          ? undefined
          : { blobs: Number(field(kept, 'Blobs') ?? 0), bytes: Number(field(kept, 'Bytes') ?? 0) },
    };
  } catch (error) {
    if (!(error instanceof DaemonError) || error.status !== 404) throw error;
    throw new CommandError('this daemon has no garbage collection endpoint', { cause: error });
  }
}
