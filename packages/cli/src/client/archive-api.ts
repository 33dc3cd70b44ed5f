/**
 * Archives of plugins: sent to the daemon to install from, and received of installed plugins.
 */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { CommandError } from '../command-error.ts';
import { field } from '../json-field.ts';
import type { EngineClient } from './engine-client.ts';
import { requireOwnRoute } from './own-route.ts';

/** One plugin of a staged archive. */
export interface ArchivedPlugin {
  /** Local name that the archive gives it; empty when it gives none. */
  readonly name: string;
  /** Reference to install it by; empty when it has no name. */
  readonly remote: string;
  /** Bare tag, when the archive gives no more than that. */
  readonly tag: string;
  readonly digest: string;
}

/** An archive that the daemon has taken. */
export interface StagedArchive {
  readonly id: string;
  readonly plugins: readonly ArchivedPlugin[];
}

const path = '/outboard/v1/archives';

/**
 * Send an archive; nothing is installed by it.
 * @param body destroyed on failure
 * @throws {CommandError} if the daemon has no such route, as Docker Engine
 */
export async function stageArchive(client: EngineClient, body: Readable): Promise<StagedArchive> {
  const headers = { 'Content-Type': 'application/x-tar' };
  const answer = await requireOwnRoute('install plugins from files', () =>
    client.call({ method: 'POST', path, headers, body }),
  );
  const [id, plugins] = [textOf(answer, 'Id'), field(answer, 'Plugins')];
  if (id === '' || !Array.isArray(plugins)) {
    throw new CommandError('the daemon did not describe the archive that it took');
  }
  return {
    id,
    plugins: plugins.map((plugin) => ({
      name: textOf(plugin, 'Name'),
      remote: textOf(plugin, 'Remote'),
      tag: textOf(plugin, 'Tag'),
      digest: textOf(plugin, 'Digest'),
    })),
  };
}

/** Drop an archive. */
export async function dropArchive(client: EngineClient, id: string): Promise<void> {
  await client.call({ method: 'DELETE', path: `${path}/${encodeURIComponent(id)}` });
}

/** Choices of an archive. */
export interface SaveChoices {
  /** All platforms of the indexes that the plugins were chosen from. */
  readonly allPlatforms?: boolean | undefined;
  /** Signatures, and what else refers to the plugins. */
  readonly referrers?: boolean | undefined;
  /** The X-Registry-Config header; absent when no registry is asked. */
  readonly registryConfig?: string | undefined;
}

/**
 * Receive installed plugins as an archive.
 * @throws {CommandError} if the daemon has no such route, as Docker Engine
 */
export async function saveArchive(
  client: EngineClient,
  plugins: readonly string[],
  { allPlatforms, referrers, registryConfig }: SaveChoices,
): Promise<IncomingMessage> {
  const query = new URLSearchParams(plugins.map((name): [string, string] => ['names', name]));
  if (allPlatforms === true) query.set('allPlatforms', '1');
  if (referrers === true) query.set('referrers', '1');
  const headers = registryConfig === undefined ? undefined : { 'X-Registry-Config': registryConfig };
  return await requireOwnRoute('save plugins', () =>
    client.open({ method: 'GET', path: `/outboard/v1/plugins/save?${query}`, headers }),
  );
}

function textOf(value: unknown, key: string): string {
  const text = field(value, key);
  return typeof text === 'string' ? text : '';
}
