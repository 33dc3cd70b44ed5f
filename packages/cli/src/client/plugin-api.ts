/**
 * The plugin routes of the Docker Engine API, one function each.
 * @see Docker Engine API v1.51, "Plugins"
 */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { CommandError } from '../command-error.ts';
import type { RegistryAuth } from '../credentials/registry-auth.ts';
import { type ListFilters, listQuery } from '../options/list-filters.ts';
import { callByForce } from './broken-uses.ts';
import type { EngineClient, EngineRequest } from './engine-client.ts';
import { ownPluginPath, requireOwnRoute } from './own-route.ts';
import {
  type PluginSummary,
  type Privilege,
  parsePlugins,
  parsePrivileges,
  toPrivilegeDocuments,
} from './plugin-documents.ts';
import { pluginPath } from './plugin-path.ts';
import { parseTextList } from './text-list-header.ts';

/** A plugin in a registry, and the credentials for it. */
export interface RemotePlugin {
  readonly remote: string;
  readonly registryAuth: RegistryAuth;
  /** To choose from an index, such as `linux/arm64`; default: the daemon's. Docker Engine ignores it. */
  readonly platform?: string | undefined;
  /** ID of a staged archive to read it from, in place of its registry. */
  readonly archive?: string | undefined;
}

/** Installed plugins. */
export async function listPlugins(
  client: EngineClient,
  filters: ListFilters,
): Promise<readonly PluginSummary[]> {
  return parsePlugins(await client.call({ method: 'GET', path: '/plugins', query: listQuery(filters) }));
}

/**
 * @param options.showsSecrets for the values of secret settings, which an Outboard daemon shows to root only
 * @returns the plugin's document as the daemon sent it
 */
export async function inspectPlugin(
  client: EngineClient,
  name: string,
  { showsSecrets = false }: { readonly showsSecrets?: boolean | undefined } = {},
): Promise<unknown> {
  const query = { secrets: showsSecrets ? '1' : undefined };
  return await client.call({ method: 'GET', path: pluginPath(name, '/json'), query });
}

/** The privileges that a plugin in a registry requests. */
export async function fetchPrivileges(
  client: EngineClient,
  plugin: RemotePlugin,
): Promise<readonly Privilege[]> {
  const answer = await client.call({
    method: 'GET',
    path: '/plugins/privileges',
    query: sourceQuery(plugin),
    headers: { 'X-Registry-Auth': plugin.registryAuth.header },
  });
  return parsePrivileges(answer);
}

/**
 * Pull a plugin and grant it privileges.
 * @param localName empty to derive it from the remote
 * @returns the progress stream, and the name of the new plugin
 */
export async function pullPlugin(
  client: EngineClient,
  localName: string,
  plugin: RemotePlugin,
  granted: readonly Privilege[],
): Promise<{ readonly progress: IncomingMessage; readonly name: string }> {
  const query = { name: localName, ...sourceQuery(plugin) };
  const progress = await client.open(transferRequest('/plugins/pull', query, plugin, granted));
  const name = progress.headers['docker-plugin-name'];
  if (typeof name !== 'string' || name === '') {
    progress.destroy();
    throw new CommandError('the daemon did not send the name of the plugin that it pulls');
  }
  return { progress, name };
}

/** @returns the progress stream */
export async function upgradePlugin(
  client: EngineClient,
  name: string,
  plugin: RemotePlugin,
  granted: readonly Privilege[],
): Promise<IncomingMessage> {
  const query = sourceQuery(plugin);
  return await client.open(transferRequest(pluginPath(name, '/upgrade'), query, plugin, granted));
}

/** Choices for a switch of an enabled plugin to another version. */
export interface SwitchFlags {
  /** For the start of the other version, in whole seconds; default as the plugin was enabled, or 30. */
  readonly timeout?: string | undefined;
  /** Also while the plugin is in use in a way that the switch breaks. */
  readonly force?: boolean | undefined;
}

/**
 * Upgrade a plugin that stays enabled.
 * @returns the progress stream
 * @throws {CommandError} if the daemon has no such route, as Docker Engine
 */
export async function upgradeEnabledPlugin(
  client: EngineClient,
  name: string,
  {
    plugin,
    granted,
    flags,
  }: {
    readonly plugin: RemotePlugin;
    readonly granted: readonly Privilege[];
    readonly flags: SwitchFlags;
  },
): Promise<IncomingMessage> {
  const query = { ...sourceQuery(plugin), ...switchQuery(flags) };
  const request = transferRequest(ownPluginPath(name, '/upgrade'), query, plugin, granted);
  const purpose = `upgrade plugins that are enabled: outboard disable ${name}`;
  return await requireOwnRoute(purpose, () => client.open(request));
}

/**
 * Return to the version before the last upgrade.
 * @returns the progress stream
 * @throws {CommandError} if the daemon has no such route, as Docker Engine
 */
export async function rollbackPlugin(
  client: EngineClient,
  name: string,
  flags: SwitchFlags,
): Promise<IncomingMessage> {
  const path = ownPluginPath(name, '/rollback');
  const request = { method: 'POST', path, query: switchQuery(flags) } as const;
  return await requireOwnRoute('roll back plugins: it does not keep the version before', () =>
    client.open(request),
  );
}

function sourceQuery({ remote, platform, archive }: RemotePlugin): EngineRequest['query'] {
  return { remote, platform, archive };
}

function switchQuery({ timeout, force }: SwitchFlags): EngineRequest['query'] {
  return { timeout, force: force === true ? '1' : undefined };
}

/** Choices for a push. Docker Engine ignores them. */
export interface PushChoices {
  /** `stored`, `docker` or `oci`. */
  readonly format?: string | undefined;
  /** Builds of an index: `OS/ARCH=PLUGIN`, `OS/ARCH` or `PLUGIN`. */
  readonly platform?: readonly string[] | undefined;
  /** Keep the other platforms of the index in the registry. */
  readonly append?: boolean | undefined;
}

/** @returns the progress stream */
export async function pushPlugin(
  client: EngineClient,
  name: string,
  registryAuth: RegistryAuth,
  { format, platform, append }: PushChoices,
): Promise<IncomingMessage> {
  return await client.open({
    method: 'POST',
    path: pluginPath(name, '/push'),
    query: { format, platforms: platform?.join(','), append: append === true ? '1' : undefined },
    headers: { 'X-Registry-Auth': registryAuth.header },
  });
}

/** Choices of a plugin that is made; Docker Engine ignores them. */
export interface ManifestChoices {
  /** Platform that its program is built for, in the form `OS/ARCH[/VARIANT]`. */
  readonly platform?: string | undefined;
  /** `docker` or `oci`; default Docker's. */
  readonly format?: string | undefined;
}

/**
 * @param context a tar archive, plain or gzip; destroyed on failure
 * @param options.mustRun refuse a plugin that can never be enabled; Docker Engine ignores it
 * @returns what is wrong in the plugin all the same, one line each; none from a Docker Engine
 */
export async function createPlugin(
  client: EngineClient,
  name: string,
  context: Readable,
  { mustRun, platform, format }: { readonly mustRun: boolean } & ManifestChoices,
): Promise<readonly string[]> {
  const response = await client.open({
    method: 'POST',
    path: '/plugins/create',
    query: { name, mustRun: mustRun ? '1' : undefined, platform, format },
    headers: { 'Content-Type': 'application/x-tar' },
    body: context,
  });
  response.resume();
  return parseTextList(response.headers['outboard-warnings']);
}

/**
 * @param timeoutSeconds limit for calls to the plugin, 0 for none
 * @param options.createMounts make missing directories that it mounts; Docker Engine ignores it
 */
export async function enablePlugin(
  client: EngineClient,
  name: string,
  timeoutSeconds: number,
  { createMounts = false }: { readonly createMounts?: boolean | undefined } = {},
): Promise<void> {
  const query = { timeout: String(timeoutSeconds), createMounts: createMounts ? '1' : undefined };
  await client.call({ method: 'POST', path: pluginPath(name, '/enable'), query });
}

/**
 * @param force also a plugin that is in use
 * @returns the users that this breaks; none from a Docker Engine
 */
export async function disablePlugin(
  client: EngineClient,
  name: string,
  force: boolean,
): Promise<readonly string[]> {
  const query = { force: force ? '1' : undefined };
  return await callByForce(client, { method: 'POST', path: pluginPath(name, '/disable'), query });
}

/** @param settings `NAME[.FIELD]=VALUE` */
export async function setPlugin(
  client: EngineClient,
  name: string,
  settings: readonly string[],
): Promise<void> {
  await client.call({ method: 'POST', path: pluginPath(name, '/set'), json: settings });
}

/**
 * @param force also a plugin that is enabled or in use
 * @returns the users that this breaks; none from a Docker Engine
 */
export async function removePlugin(
  client: EngineClient,
  name: string,
  force: boolean,
): Promise<readonly string[]> {
  const query = { force: force ? '1' : undefined };
  return await callByForce(client, { method: 'DELETE', path: pluginPath(name, ''), query });
}

/** @returns the daemon's own description of its versions */
export async function fetchVersion(client: EngineClient): Promise<unknown> {
  return await client.call({ method: 'GET', path: '/version' });
}

function transferRequest(
  path: string,
  query: EngineRequest['query'],
  { registryAuth }: RemotePlugin,
  granted: readonly Privilege[],
): EngineRequest {
  const headers = { 'X-Registry-Auth': registryAuth.header };
  return { method: 'POST', path, query, headers, json: toPrivilegeDocuments(granted) };
}
