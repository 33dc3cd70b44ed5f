/**
 * The plugin routes of the Docker Engine API, one function each.
 * @see Docker Engine API v1.51, "Plugins"
 */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { CommandError, DaemonError } from '../command-error.ts';
import type { RegistryAuth } from '../credentials/registry-auth.ts';
import { asText, field } from '../json-field.ts';
import type { EngineClient, EngineRequest } from './engine-client.ts';
import { askOwnRoute, requireOwnRoute } from './own-route.ts';
import {
  type PluginSummary,
  type Privilege,
  parsePlugins,
  parsePrivileges,
  parseRunningPlugins,
  type RunningPlugin,
  toPrivilegeDocuments,
} from './plugin-documents.ts';

/** A reference at a registry, and who asks for it. */
export interface RemotePlugin {
  readonly remote: string;
  readonly registryAuth: RegistryAuth;
}

/** `{"key": {"value": true}}` for each filter. */
export type ListFilters = Readonly<Record<string, Readonly<Record<string, true>>>>;

export async function listPlugins(
  client: EngineClient,
  filters: ListFilters,
): Promise<readonly PluginSummary[]> {
  const query = Object.keys(filters).length === 0 ? {} : { filters: JSON.stringify(filters) };
  return parsePlugins(await client.call({ method: 'GET', path: '/plugins', query }));
}

/**
 * What plugins do, beyond what Docker tells. Outboard's own route.
 * @returns undefined from a daemon that does not tell, as Docker Engine
 */
export async function listRunningPlugins(
  client: EngineClient,
  filters: ListFilters,
): Promise<readonly RunningPlugin[] | undefined> {
  const query = Object.keys(filters).length === 0 ? {} : { filters: JSON.stringify(filters) };
  return await askOwnRoute(async () =>
    parseRunningPlugins(await client.call({ method: 'GET', path: '/outboard/v1/plugins', query })),
  );
}

/**
 * What one plugin does, and why it last failed. Outboard's own route.
 * @returns the daemon's document; undefined from a daemon that does not tell, as Docker Engine
 */
export async function fetchStatus(client: EngineClient, name: string): Promise<unknown> {
  const path = `/outboard/v1${pluginPath(name, '/json')}`;
  return await askOwnRoute(() => client.call({ method: 'GET', path }));
}

/**
 * Stop an enabled plugin and start it anew. Outboard's own route.
 * @throws {CommandError} if the daemon has none, as Docker Engine
 */
export async function restartPlugin(client: EngineClient, name: string, force: boolean): Promise<void> {
  const path = `/outboard/v1${pluginPath(name, '/restart')}`;
  const instead = 'disable the plugin and enable it';
  const query = force ? { force: '1' } : {};
  await requireOwnRoute(`restart plugins: ${instead}`, () => client.call({ method: 'POST', path, query }));
}

/**
 * Give a plugin a record again whose own is damaged. Outboard's own route.
 * @returns its name, and what could not be known any more
 * @throws {CommandError} if the daemon has none, as Docker Engine
 */
export async function repairPlugin(
  client: EngineClient,
  plugin: string,
  newName: string | undefined,
): Promise<{ readonly name: string; readonly warnings: readonly string[] }> {
  const path = `/outboard/v1${pluginPath(plugin, '/repair')}`;
  try {
    const query = newName === undefined ? {} : { name: newName };
    const answer = await client.call({ method: 'POST', path, query });
    const warnings = field(answer, 'Warnings');
    return {
      name: asText(field(answer, 'Name')),
      warnings: Array.isArray(warnings) ? warnings.map(asText) : [],
    };
  } catch (error) {
    if (!(error instanceof DaemonError) || !/page not found$/.test(error.message)) throw error;
    throw new CommandError('this daemon cannot repair plugins', { cause: error });
  }
}

/** @returns the plugin's document as the daemon sent it */
export async function inspectPlugin(client: EngineClient, name: string): Promise<unknown> {
  return await client.call({ method: 'GET', path: pluginPath(name, '/json') });
}

/**
 * Who uses a plugin. Outboard's own route.
 * @returns the daemon's documents; none from a daemon that does not tell, as Docker Engine
 */
export async function fetchUses(client: EngineClient, name: string): Promise<readonly unknown[]> {
  const path = `/outboard/v1${pluginPath(name, '/uses')}`;
  const uses = field(await askOwnRoute(() => client.call({ method: 'GET', path })), 'Uses');
  return Array.isArray(uses) ? uses : [];
}

/**
 * What a plugin wrote, as Docker's multiplexed stream. Outboard's own route.
 * @throws {CommandError} if the daemon has none, as Docker Engine
 */
export async function openLogs(
  client: EngineClient,
  name: string,
  query: Readonly<Record<string, string>>,
): Promise<IncomingMessage> {
  const path = `/outboard/v1${pluginPath(name, '/logs')}`;
  return await requireOwnRoute('show the logs of plugins: it does not keep them', () =>
    client.open({ method: 'GET', path, query }),
  );
}

export async function fetchPrivileges(
  client: EngineClient,
  plugin: RemotePlugin,
): Promise<readonly Privilege[]> {
  const answer = await client.call({
    method: 'GET',
    path: '/plugins/privileges',
    query: { remote: plugin.remote },
    headers: { 'X-Registry-Auth': plugin.registryAuth.header },
  });
  return parsePrivileges(answer);
}

/**
 * Pull a plugin and grant it privileges.
 * @param localName empty to derive it from the remote
 * @returns the stream of progress, and the name that the plugin gets
 */
export async function pullPlugin(
  client: EngineClient,
  localName: string,
  plugin: RemotePlugin,
  granted: readonly Privilege[],
): Promise<{ readonly progress: IncomingMessage; readonly name: string }> {
  const request = transfer('/plugins/pull', { name: localName, remote: plugin.remote }, plugin, granted);
  const progress = await client.open(request);
  const name = progress.headers['docker-plugin-name'];
  if (typeof name !== 'string' || name === '') {
    progress.destroy();
    throw new CommandError('the daemon did not tell the name of the plugin it pulls');
  }
  return { progress, name };
}

/** @returns the stream of progress */
export async function upgradePlugin(
  client: EngineClient,
  name: string,
  plugin: RemotePlugin,
  granted: readonly Privilege[],
): Promise<IncomingMessage> {
  return await client.open(
    transfer(pluginPath(name, '/upgrade'), { remote: plugin.remote }, plugin, granted),
  );
}

/** @returns the stream of progress */
export async function pushPlugin(
  client: EngineClient,
  name: string,
  registryAuth: RegistryAuth,
): Promise<IncomingMessage> {
  return await client.open({
    method: 'POST',
    path: pluginPath(name, '/push'),
    headers: { 'X-Registry-Auth': registryAuth.header },
  });
}

/** @param context a tar archive, plain or gzip; destroyed on failure */
export async function createPlugin(
  client: EngineClient,
  name: string,
  context: Readable,
  { mustRun }: { readonly mustRun: boolean },
): Promise<void> {
  await client.call({
    method: 'POST',
    path: '/plugins/create',
    query: { name, ...(mustRun && { mustRun: '1' }) },
    headers: { 'Content-Type': 'application/x-tar' },
    body: context,
  });
}

/**
 * @param timeoutSeconds limit for calls to the plugin, 0 for none
 * @param options.createMounts make missing directories that it mounts; a Docker Engine ignores it
 */
export async function enablePlugin(
  client: EngineClient,
  name: string,
  timeoutSeconds: number,
  { createMounts = false }: { readonly createMounts?: boolean } = {},
): Promise<void> {
  const query = { timeout: String(timeoutSeconds), ...(createMounts && { createMounts: '1' }) };
  await client.call({ method: 'POST', path: pluginPath(name, '/enable'), query });
}

export async function disablePlugin(client: EngineClient, name: string, force: boolean): Promise<void> {
  const query = force ? { force: '1' } : {};
  await client.call({ method: 'POST', path: pluginPath(name, '/disable'), query });
}

/** @param settings `NAME[.FIELD]=VALUE` */
export async function setPlugin(
  client: EngineClient,
  name: string,
  settings: readonly string[],
): Promise<void> {
  await client.call({ method: 'POST', path: pluginPath(name, '/set'), json: settings });
}

export async function removePlugin(client: EngineClient, name: string, force: boolean): Promise<void> {
  await client.call({ method: 'DELETE', path: pluginPath(name, ''), query: force ? { force: '1' } : {} });
}

/** What was removed. */
export interface Garbage {
  readonly blobs: number;
  readonly bytes: number;
  /** What damaged plugins may need; absent when there are none. */
  readonly kept?: { readonly blobs: number; readonly bytes: number };
}

/**
 * Remove content that no plugin needs. Outboard's own route.
 * @throws {CommandError} if the daemon has none, as Docker Engine
 */
export async function collectGarbage(client: EngineClient): Promise<Garbage> {
  try {
    const answer = await client.call({ method: 'POST', path: '/outboard/v1/gc' });
    const kept = field(answer, 'KeptForDamaged');
    return {
      blobs: Number(field(answer, 'BlobsRemoved') ?? 0),
      bytes: Number(field(answer, 'BytesReclaimed') ?? 0),
      ...(kept !== undefined && {
        kept: { blobs: Number(field(kept, 'Blobs') ?? 0), bytes: Number(field(kept, 'Bytes') ?? 0) },
      }),
    };
  } catch (error) {
    if (!(error instanceof DaemonError) || error.status !== 404) throw error;
    throw new CommandError('this daemon has no garbage collection endpoint', { cause: error });
  }
}

/** @returns the daemon's own description of its versions */
export async function fetchVersion(client: EngineClient): Promise<unknown> {
  return await client.call({ method: 'GET', path: '/version' });
}

function transfer(
  path: string,
  query: Readonly<Record<string, string>>,
  { registryAuth }: RemotePlugin,
  granted: readonly Privilege[],
): EngineRequest {
  const headers = { 'X-Registry-Auth': registryAuth.header };
  return { method: 'POST', path, query, headers, json: toPrivilegeDocuments(granted) };
}

/** Slashes and colons of names stay as they are, as in Docker's client; nothing else can leave its place. */
export function pluginPath(name: string, action: string): string {
  if (name.trim() === '') throw new CommandError('invalid plugin name: value is empty');
  const encoded = encodeURIComponent(name).replace(/%(2F|3A|40)/g, decodeURIComponent);
  return `/plugins/${encoded}${action}`;
}
